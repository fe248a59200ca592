import { randomBytes, randomUUID } from 'node:crypto';

/** The simulator's time. Tests move it forward instead of waiting; it never goes back. */
export type SimulatorClock = {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Moves the simulator's time forward by `milliseconds`. Real delays (`delayMs`) are not touched. */
  advance(milliseconds: number): void;
};

/** A clock that runs with `base` (default: the real one) plus whatever `advance` added. */
export function createSimulatorClock(base: () => number = Date.now): SimulatorClock {
  let ahead = 0;
  return {
    now: () => base() + ahead,
    advance(milliseconds) {
      ahead += milliseconds;
    },
  };
}

/** A successful answer of the token endpoint (docs/wire.md#token-response). */
export type TokenAnswer = {
  access_token: string;
  refresh_token: string;
  token_type: 'Bearer';
  expires_in: number;
  scope: string;
};

export type DeviceAnswer = {
  user_code: string;
  device_code: string;
  verification_uri: string;
  verification_uri_complete: string;
  expires_in: number;
  interval: number;
};

export type PollOutcome =
  | TokenAnswer
  | 'authorization_pending'
  | 'slow_down'
  | 'expired_token'
  | 'access_denied'
  | 'invalid_grant';

export type LoginLedgerOptions = {
  clock: SimulatorClock;
  /** Seconds. */
  tokenLifetime: number;
  /** Seconds. */
  deviceInterval: number;
  /** Seconds. */
  deviceLifetime: number;
  reuseGraceMs: number;
  autoApprove: boolean;
};

type Chain = { revoked: boolean };
type DeviceLogin = {
  userCode: string;
  expiresAt: number;
  interval: number;
  lastPoll: number | undefined;
  state: 'pending' | 'approved' | 'denied' | 'done';
};

// A poll that is early by less than this is jitter of timers, not impatience.
const POLL_SLACK_MS = 250;

/** Who is signed in: device codes, token chains, and which tokens are alive. Knows nothing of HTTP. */
export class LoginLedger {
  /** Whether a chain was revoked, by reuse or by `revoke`. */
  chainRevoked = false;
  rotations = 0;
  reuses = 0;
  private readonly devices = new Map<string, DeviceLogin>();
  private readonly accessTokens = new Map<string, { chain: Chain; expiresAt: number }>();
  private readonly refreshTokens = new Map<string, { chain: Chain; usedAt: number | undefined }>();
  private readonly options: LoginLedgerOptions;

  constructor(options: LoginLedgerOptions) {
    this.options = options;
  }

  startDevice(verificationUri: string): DeviceAnswer {
    const { clock, deviceInterval, deviceLifetime, autoApprove } = this.options;
    const deviceCode = randomBytes(20).toString('hex');
    const letters = randomBytes(4).toString('hex').toUpperCase();
    const userCode = `${letters.slice(0, 4)}-${letters.slice(4)}`;
    this.devices.set(deviceCode, {
      userCode,
      expiresAt: clock.now() + deviceLifetime * 1000,
      interval: deviceInterval,
      lastPoll: undefined,
      state: autoApprove ? 'approved' : 'pending',
    });
    return {
      user_code: userCode,
      device_code: deviceCode,
      verification_uri: verificationUri,
      verification_uri_complete: `${verificationUri}?user_code=${userCode}`,
      expires_in: deviceLifetime,
      interval: deviceInterval,
    };
  }

  /** Throws for a user code that was never given out: a typing error in a test must not look like a patient server. */
  decide(userCode: string, state: 'approved' | 'denied'): void {
    const login = [...this.devices.values()].find(device => device.userCode === userCode);
    if (!login) {
      throw new Error(`No device login has the user code ${userCode}.`);
    }
    login.state = state;
  }

  stateOf(userCode: string): DeviceLogin['state'] | undefined {
    return [...this.devices.values()].find(device => device.userCode === userCode)?.state;
  }

  poll(deviceCode: string): PollOutcome {
    const login = this.devices.get(deviceCode);
    const now = this.options.clock.now();
    if (!login || login.state === 'done') {
      return 'invalid_grant';
    }
    if (now >= login.expiresAt) {
      return 'expired_token';
    }
    const early = login.lastPoll !== undefined && now - login.lastPoll < login.interval * 1000 - POLL_SLACK_MS;
    login.lastPoll = now;
    if (early) {
      // RFC 8628, 3.5: from now on five seconds more.
      login.interval += 5;
      return 'slow_down';
    }
    if (login.state === 'denied') {
      return 'access_denied';
    }
    if (login.state === 'pending') {
      return 'authorization_pending';
    }
    login.state = 'done';
    return this.issue({ revoked: false });
  }

  /** A login that needed no device code, for tests that start signed in. */
  signIn(): TokenAnswer {
    return this.issue({ revoked: false });
  }

  refresh(refreshToken: string): { answer: TokenAnswer; withinGrace: boolean } | 'unknown' | 'revoked' | 'reused' {
    const entry = this.refreshTokens.get(refreshToken);
    if (!entry) {
      return 'unknown';
    }
    const now = this.options.clock.now();
    const withinGrace = entry.usedAt !== undefined && now - entry.usedAt < this.options.reuseGraceMs;
    if (entry.usedAt !== undefined && !withinGrace) {
      this.reuses += 1;
      entry.chain.revoked = true;
      this.chainRevoked = true;
      return 'reused';
    }
    if (entry.chain.revoked) {
      return 'revoked';
    }
    entry.usedAt ??= now;
    this.rotations += 1;
    return { answer: this.issue(entry.chain), withinGrace };
  }

  isAlive(accessToken: string): boolean {
    const entry = this.accessTokens.get(accessToken);
    return entry !== undefined && !entry.chain.revoked && entry.expiresAt > this.options.clock.now();
  }

  expireAccessTokens(): void {
    for (const entry of this.accessTokens.values()) {
      entry.expiresAt = 0;
    }
  }

  revoke(): void {
    for (const entry of this.refreshTokens.values()) {
      entry.chain.revoked = true;
    }
    this.chainRevoked = true;
  }

  private issue(chain: Chain): TokenAnswer {
    const { clock, tokenLifetime } = this.options;
    const seconds = Math.floor(clock.now() / 1000);
    const accessToken = jwtShaped({
      iss: 'kimi-simulator',
      sub: 'user-simulator',
      scope: 'kimi-code',
      iat: seconds,
      exp: seconds + tokenLifetime,
      jti: randomUUID(),
    });
    const refreshToken = jwtShaped({ iss: 'kimi-simulator', sub: 'user-simulator', typ: 'refresh', jti: randomUUID() });
    this.accessTokens.set(accessToken, { chain, expiresAt: clock.now() + tokenLifetime * 1000 });
    this.refreshTokens.set(refreshToken, { chain, usedAt: undefined });
    return {
      access_token: accessToken,
      refresh_token: refreshToken,
      token_type: 'Bearer',
      expires_in: tokenLifetime,
      scope: 'kimi-code',
    };
  }
}

function jwtShaped(payload: object): string {
  return `${base64url({ alg: 'HS512', typ: 'JWT' })}.${base64url(payload)}.${randomBytes(48).toString('base64url')}`;
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
