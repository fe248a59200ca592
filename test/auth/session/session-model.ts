/**
 * A world for the model test: one OAuth host that revokes the chain when a spent refresh token comes back, one API, one
 * store with a lock, and processes that share nothing else. Every operation of a process happens in two steps, effect
 * and answer, and the scheduler decides which of all waiting steps is next. A process can be killed or stopped before
 * any step.
 */
import { bindingOf } from '../../../src/credentials/credential-binding';
import { createAuthorizedFetch } from '../../../src/auth/authorized-fetch';
import { createAuthSession } from '../../../src/auth/session/auth-session';
import { createSessionRegistry } from '../../../src/auth/session/session-registry';
import type { CredentialStore, KimiCredentials } from '../../../src/credentials/credential-store';
import { KimiCredentialStoreError } from '../../../src/errors/kimi-error';

export const LIFETIME = 900;
const HOST = 'https://auth.kimi.com';
const API = 'https://api.kimi.com/coding/v1';

export type Fault = { atStep: number; kind: 'kill' | 'stop' | 'clock'; hours: number };

export class World {
  time = 1_800_000_000_000;
  record: KimiCredentials | undefined;
  lockHolder: Process | undefined;
  lockQueue: Array<() => void> = [];
  issued = 1;
  liveRefreshToken = 'rt-1';
  isChainRevoked = false;
  accessTokens = new Map([['at-1', this.time + LIFETIME * 1000]]);
  /** Which of the next POSTs are answered 503. */
  outages: boolean[] = [];
  posts = 0;
  reusedRefreshTokens = 0;
  postsInFlight = 0;
  mostPostsInFlight = 0;
  rotatedUnsaved = new Set<Process>();

  constructor(readonly schedule: (label: string) => Promise<void>) {
    this.record = this.toRecord(this.time);
  }

  toRecord(savedAt: number): KimiCredentials {
    const expiresAt = Math.floor(savedAt / 1000) + LIFETIME;
    return {
      type: 'oauth',
      accessToken: `at-${this.issued}`,
      refreshToken: `rt-${this.issued}`,
      expiresAt,
      expiresIn: LIFETIME,
      scope: '',
      tokenType: 'Bearer',
      issuedFor: bindingOf({ oauthHost: HOST, apiBaseURL: API }),
    };
  }

  /** The OAuth host. */
  token(refreshToken: string): Response {
    this.posts++;
    if (this.outages.shift() === true) {
      return Response.json({ error: 'temporarily_unavailable' }, { status: 503 });
    }
    if (refreshToken !== this.liveRefreshToken || this.isChainRevoked) {
      this.reusedRefreshTokens += this.isChainRevoked ? 0 : 1;
      this.isChainRevoked = true;
      this.accessTokens.clear();
      return Response.json({ error: 'invalid_grant' }, { status: 400 });
    }
    this.issued++;
    this.liveRefreshToken = `rt-${this.issued}`;
    this.accessTokens.set(`at-${this.issued}`, this.time + LIFETIME * 1000);
    return Response.json({
      access_token: `at-${this.issued}`,
      refresh_token: this.liveRefreshToken,
      expires_in: LIFETIME,
      token_type: 'Bearer',
      scope: '',
    });
  }

  releaseLock(holder: Process): void {
    if (this.lockHolder === holder) {
      this.lockHolder = undefined;
      // All of them: the one at the head may be dead by then.
      for (const wake of this.lockQueue.splice(0)) {
        wake();
      }
    }
  }
}

export class Process {
  steps = 0;
  skewMs = 0;
  isKilled = false;
  isStopped = false;
  wasStopped = false;
  refusedAccessTokens = new Set<string>();
  refusedTwice = 0;
  rejectedRefreshTokens = new Set<string>();
  resentRejected = 0;
  postsOfMine = 0;
  killed: Promise<void>;
  private dieNow: () => void = () => undefined;
  private wakeUp: Array<() => void> = [];
  readonly fetch: typeof globalThis.fetch;

  constructor(
    private readonly world: World,
    private readonly name: string,
    private readonly faults: Fault[],
  ) {
    this.killed = new Promise(resolve => {
      this.dieNow = resolve;
    });
    const session = createAuthSession({
      store: this.store(),
      oauthHost: HOST,
      apiOrigin: new URL(API).origin,
      fetch: (_url, init) => this.post(new URLSearchParams(String(init?.body)).get('refresh_token') ?? ''),
      registry: createSessionRegistry(),
      now: () => world.time + this.skewMs,
      monotonicNow: () => world.time,
      patience: () => new Promise(() => {}),
      sleep: async milliseconds => {
        await this.step('sleep', () => {
          world.time += milliseconds;
        });
      },
    });
    this.fetch = createAuthorizedFetch({
      apiOrigin: new URL(API).origin,
      credentials: session,
      fetch: (_url, init) =>
        this.ask((init?.headers as Record<string, string>).Authorization?.slice('Bearer '.length) ?? ''),
    });
  }

  toString(): string {
    return this.name;
  }

  request(): Promise<Response> {
    return this.fetch(`${API}/models`);
  }

  /** Continues a stopped process. */
  wake(): void {
    this.isStopped = false;
    for (const wake of this.wakeUp.splice(0)) {
      wake();
    }
  }

  private async step<T>(label: string, effect: () => T): Promise<T> {
    await this.point(`${this.name} ${label}`);
    const result = effect();
    await this.point(`${this.name} ${label} answered`);
    return result;
  }

  private async point(label: string): Promise<void> {
    this.steps++;
    for (const fault of this.faults) {
      if (fault.atStep !== this.steps) {
        continue;
      }
      if (fault.kind === 'clock') {
        this.skewMs += fault.hours * 3_600_000;
      } else if (fault.kind === 'kill') {
        this.isKilled = true;
        this.dieNow();
        this.world.releaseLock(this);
      } else if (!this.wasStopped) {
        this.isStopped = true;
        this.wasStopped = true;
        // Its lock has become stale: others take it over.
        this.world.releaseLock(this);
      }
    }
    if (this.isKilled) {
      await new Promise(() => undefined);
    }
    if (this.isStopped) {
      await new Promise<void>(resolve => this.wakeUp.push(resolve));
    }
    await this.world.schedule(label);
    if (this.isKilled) {
      await new Promise(() => undefined);
    }
  }

  private async post(refreshToken: string): Promise<Response> {
    const { world } = this;
    world.postsInFlight++;
    world.mostPostsInFlight = Math.max(world.mostPostsInFlight, world.postsInFlight);
    this.killed.then(
      () => world.postsInFlight--,
      () => undefined,
    );
    this.postsOfMine++;
    this.resentRejected += this.rejectedRefreshTokens.has(refreshToken) ? 1 : 0;
    const response = await this.step('refresh', () => {
      const answer = world.token(refreshToken);
      if (answer.status === 200) {
        world.rotatedUnsaved.add(this);
      } else if (answer.status === 400) {
        this.rejectedRefreshTokens.add(refreshToken);
      }
      return answer;
    });
    world.postsInFlight--;
    return response;
  }

  private ask(token: string): Promise<Response> {
    this.refusedTwice += this.refusedAccessTokens.has(token) ? 1 : 0;
    return this.step('api', () => {
      if ((this.world.accessTokens.get(token) ?? 0) > this.world.time) {
        return new Response('ok');
      }
      this.refusedAccessTokens.add(token);
      return Response.json(
        { error: { message: 'The API Key appears to be invalid or may have expired' } },
        { status: 401 },
      );
    });
  }

  private store(): CredentialStore {
    const { world } = this;
    const assertHeld = (): void => {
      if (world.lockHolder !== this) {
        throw new KimiCredentialStoreError({
          location: 'model',
          operation: 'lock',
          reason: 'lock-lost',
          message: 'lost',
        });
      }
    };
    return {
      location: 'model',
      load: () => this.step('load', () => structuredClone(world.record)),
      save: credentials =>
        this.step('save', () => {
          world.record = structuredClone(credentials);
          world.rotatedUnsaved.delete(this);
        }),
      prepareSave: () => this.step('prepare', () => async () => {}),
      clear: () =>
        this.step('clear', () => {
          world.record = undefined;
        }),
      withLock: async callback => {
        for (;;) {
          await this.point(`${this.name} lock`);
          if (world.lockHolder === undefined) {
            break;
          }
          await new Promise<void>(resolve => world.lockQueue.push(resolve));
        }
        world.lockHolder = this;
        try {
          return await callback({ assertHeld });
        } finally {
          world.releaseLock(this);
        }
      },
    };
  }
}
