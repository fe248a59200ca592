/**
 * The device login in both its forms, over one poll ({@link pollDeviceToken}): as one loop for whoever can wait, and in
 * steps for web apps, where nothing can wait and the state between them is plain JSON, for a cookie or a database.
 */
import type { KimiOAuthCredentials } from '../credentials/credential-store';
import { KimiDeviceLoginError, KimiInvalidArgumentError } from '../errors/kimi-error';
import { sleep as realSleep, type Sleep } from '../transport/wait';
import { pollDeviceToken, requestDeviceAuthorization, type DeviceAuthorization } from './device-authorization';
import type { OAuthHost } from './oauth-host';

/** How long the person has, over all codes (docs/wire.md#device-polling). */
const BUDGET_MS = 15 * 60_000;

/** Pauses between the tries to get a code, as in a refresh. */
const START_PAUSES_MS = [1000, 2000];

/** What to show: the address to open and the code to compare. Called again with a new code when one has expired. */
export type OnVerification = (verification: Omit<DeviceAuthorization, 'deviceCode'>) => void | Promise<void>;

/** Options of {@link deviceLogin}. */
export type DeviceLoginOptions = OAuthHost & {
  onVerification: OnVerification;
  abortSignal?: AbortSignal | undefined;
  sleep?: Sleep | undefined;
  /** Milliseconds of a clock that never jumps. @default performance.now */
  monotonicNow?: (() => number) | undefined;
};

/**
 * The whole device login: shows the code, then polls until the person has confirmed. The first poll is immediate;
 * `slow_down` adds 5 s for good; `Retry-After` is honoured; failures that pass are survived; an expired code is
 * replaced for as long as the 15 minutes last.
 * @throws KimiDeviceLoginError; the abort reason
 */
export async function deviceLogin(options: DeviceLoginOptions): Promise<KimiOAuthCredentials> {
  const { onVerification, abortSignal, sleep = realSleep, monotonicNow = () => performance.now() } = options;
  const deadline = monotonicNow() + BUDGET_MS;
  let slowedBy = 0;

  const pause = async (milliseconds: number): Promise<void> => {
    if (monotonicNow() + milliseconds >= deadline) {
      throw expired(options);
    }
    await sleep(milliseconds, abortSignal);
  };
  const showNewCode = async () => {
    const { deviceCode, ...verification } = await authorize(options, pause);
    const shownAt = monotonicNow();
    await onVerification(verification);
    return { deviceCode, shownAt, endsAt: shownAt + verification.expiresIn * 1000, interval: verification.interval };
  };

  let code = await showNewCode();
  for (;;) {
    abortSignal?.throwIfAborted();
    const poll = await pollDeviceToken(options, { ...code, interval: code.interval + slowedBy }, abortSignal);
    if (poll.status === 'done') {
      return poll.credentials;
    }
    if (poll.status === 'denied') {
      throw denied();
    }
    if (poll.status === 'expired') {
      // A code that is dead at once must not end in a loop without pause.
      await pause(Math.max(0, (code.interval + slowedBy) * 1000 - (monotonicNow() - code.shownAt)));
      code = await showNewCode();
      continue;
    }
    slowedBy = poll.interval - code.interval;
    await pause(Math.max(poll.interval * 1000, poll.retryAfterMs));
    if (monotonicNow() >= code.endsAt) {
      // Not asked for beyond its end: a server may have forgotten it by then and call it unknown.
      code = await showNewCode();
    }
  }
}

/** A code, in three tries. */
async function authorize(
  options: DeviceLoginOptions,
  pause: (milliseconds: number) => Promise<void>,
): Promise<DeviceAuthorization> {
  for (let tries = 0; ; tries++) {
    const result = await requestDeviceAuthorization(options, options.abortSignal);
    if (result.status === 'started') {
      return result.authorization;
    }
    const planned = START_PAUSES_MS[tries];
    if (planned === undefined) {
      throw new KimiDeviceLoginError({
        reason: 'unreachable',
        message:
          `${options.oauthHost} cannot be reached to sign in (${result.reason}). Check the network, proxy and ` +
          '"oauthHost", then run the login again.',
      });
    }
    await pause(Math.max(planned, result.retryAfterMs ?? 0));
  }
}

function denied(): KimiDeviceLoginError {
  return new KimiDeviceLoginError({
    reason: 'denied',
    message:
      'The sign-in was refused on the Kimi page. Nothing was changed. To try again, run: npx ' +
      'ai-sdk-provider-kimi login',
  });
}

function expired({ oauthHost }: OAuthHost): KimiDeviceLoginError {
  return new KimiDeviceLoginError({
    reason: 'expired',
    message:
      `Nobody confirmed the sign-in at ${oauthHost} within ${BUDGET_MS / 60_000} minutes. To try again, run: npx ` +
      'ai-sdk-provider-kimi login',
  });
}

/** A login that waits for its person. Holds no token; whoever has it can only ask whether the login was confirmed. */
export type DeviceLoginState = {
  version: 1;
  /** Where the login was started; it is polled nowhere else. */
  oauthHost: string;
  deviceCode: string;
  /** To show, so that the person can compare it with the page. */
  userCode: string;
  verificationUri: string;
  /** The page to open, with the code filled in. */
  verificationUriComplete: string;
  /** When the code ends, in unix seconds. */
  expiresAt: number;
  /** How long to wait before the next poll, in seconds. */
  interval: number;
};

/**
 * Answer to a poll: keep the new `state`, whose interval may have grown, and wait `state.interval` seconds; or the
 * login.
 */
export type DeviceLoginPoll =
  | { status: 'pending' | 'slow_down'; state: DeviceLoginState }
  | { status: 'done'; credentials: KimiOAuthCredentials };

/** @throws KimiDeviceLoginError; the abort reason */
export async function startDeviceLogin(
  host: OAuthHost,
  abortSignal?: AbortSignal | undefined,
): Promise<DeviceLoginState> {
  const result = await requestDeviceAuthorization(host, abortSignal);
  if (result.status === 'unreachable') {
    throw new KimiDeviceLoginError({
      reason: 'unreachable',
      message:
        `${host.oauthHost} cannot be reached to sign in (${result.reason}). Try again; if it lasts, check the ` +
        'network, the proxy and "oauthHost".',
    });
  }
  const { expiresIn, ...authorization } = result.authorization;
  return {
    version: 1,
    oauthHost: host.oauthHost,
    ...authorization,
    expiresAt: Math.floor((host.now ?? Date.now)() / 1000) + Math.floor(expiresIn),
  };
}

/**
 * Polls once. Failures that pass by themselves count as `pending`.
 * @param state from `startDeviceLogin` or the last poll; it may come from a browser, so it is checked
 * @throws KimiDeviceLoginError `denied`, `expired`, `refused`; KimiInvalidArgumentError for a state that is not one;
 *   the abort reason
 */
export async function pollDeviceLogin(
  host: OAuthHost,
  state: unknown,
  abortSignal?: AbortSignal | undefined,
): Promise<DeviceLoginPoll> {
  const checked = checkState(state, host.oauthHost);
  const isOver = (host.now ?? Date.now)() / 1000 >= checked.expiresAt;
  const poll = await pollDeviceToken(host, checked, abortSignal).catch((error: unknown) => {
    // A server may have forgotten the code by then and call it unknown.
    if (isOver && KimiDeviceLoginError.isInstance(error) && error.reason === 'refused') {
      return { status: 'expired' } as const;
    }
    throw error;
  });
  switch (poll.status) {
    case 'done':
      return poll;
    case 'denied':
      throw new KimiDeviceLoginError({
        reason: 'denied',
        message: 'The sign-in was refused on the Kimi page. Nothing was changed; it can be started again.',
      });
    case 'expired':
      throw new KimiDeviceLoginError({
        reason: 'expired',
        message: 'Nobody confirmed the sign-in before its code ended. Start it again with startDeviceLogin().',
      });
    default: {
      const interval = Math.max(poll.interval, Math.ceil(poll.retryAfterMs / 1000));
      return { status: poll.status, state: { ...checked, interval } };
    }
  }
}

const STRINGS = ['oauthHost', 'deviceCode', 'userCode', 'verificationUri', 'verificationUriComplete'] as const;
const NUMBERS = ['expiresAt', 'interval'] as const;

/** A state from outside must not choose the host: the answer of another one would be taken for a login of this one. */
function checkState(value: unknown, oauthHost: string): DeviceLoginState {
  const state = value as DeviceLoginState | null;
  if (typeof state !== 'object' || state === null || state.version !== 1) {
    throw invalid('it is not a value that startDeviceLogin() or pollDeviceLogin() returned');
  }
  const wrong =
    STRINGS.find(field => typeof state[field] !== 'string' || state[field] === '' || state[field].length > 4096) ??
    NUMBERS.find(field => !Number.isFinite(state[field]) || state[field] < 0);
  if (wrong !== undefined) {
    throw invalid(`its field "${wrong}" is missing or has a wrong type`);
  }
  if (state.oauthHost !== oauthHost) {
    throw invalid('it was started at another OAuth host');
  }
  const { version, deviceCode, userCode, verificationUri, verificationUriComplete, expiresAt, interval } = state;
  return { version, oauthHost, deviceCode, userCode, verificationUri, verificationUriComplete, expiresAt, interval };
}

function invalid(what: string): KimiInvalidArgumentError {
  return new KimiInvalidArgumentError({
    argument: 'state',
    message: `pollDeviceLogin() cannot use this state: ${what}. Start the login again with startDeviceLogin().`,
  });
}
