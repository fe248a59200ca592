/**
 * What the processes of a run say to each other, and what stands in the event log. Times are milliseconds of the
 * machine's own clock, also in a worker whose clock was stepped. Tokens appear as the first letters of their SHA-256.
 */
import { createHash } from 'node:crypto';

export type StoreKind = 'file' | 'redis' | 'keychain';

/** One login: an account of a host, in a place. */
export type Login = { id: string; host: number; account: string; store: StoreKind };

/** How long the lock in Redis lives without its holder. Short, so that a stop can outlast it. */
export const REDIS_LOCK_MS = 5_000;
/** How long our file lock does (docs/decisions.md#21-our-locks). */
export const FILE_LOCK_MS = 30_000;

/** Where a worker finds everything. */
export type WorkerSettings = {
  name: string;
  seed: number;
  logins: readonly Login[];
  hosts: readonly string[];
  redis: { url: string; encryptionKey: string } | undefined;
  /** Longest wait of a call before its caller calls it off, in ms. */
  patienceMs: number;
  /** Pause between two calls of one lane, at most, in ms. */
  pauseMs: number;
  /** Calls at once. */
  lanes: number;
};

export type WorkerCommand = { clock: number } | { drain: true };

/** What a call came to. `answer`: whose, by its own words. */
export type Outcome =
  | { answer: 'right' | 'wrong account' | 'torn' }
  | { error: string; typed: boolean; reason?: string; name: string; message: string }
  | { aborted: string };

export type WorkerReport =
  | { type: 'ready' }
  | { type: 'call'; id: string; login: string; kind: string }
  | { type: 'outcome'; id: string; login: string; outcome: Outcome; shown: string }
  | { type: 'saved'; login: string; token: string }
  | { type: 'memory'; rss: number; blockedMs: number }
  | { type: 'drained' };

export type ServerSettings = {
  seed: number;
  hosts: number;
  logins: readonly Login[];
  /** How long an access token lives, by host. */
  tokenSeconds: readonly number[];
  /** `false`: only what the plan of the world does. `slow-tokens`: every token answer takes a while, nothing else. */
  faults: boolean | 'slow-tokens';
};

export type ServerCommand =
  | { do: 'sign-in'; login: string; request: number }
  | { do: 'expire-tokens' | 'revoke'; login: string }
  | { do: 'host-down' | 'host-up'; host: number }
  | { do: 'calm' };

export type ServerReport =
  | { type: 'listening'; hosts: string[] }
  | { type: 'issued'; login: string; access: string; refresh: string }
  | { type: 'issued-until'; token: string; until: number }
  | { type: 'chat-arrived'; id: string; worker: string }
  | { type: 'expired'; login: string }
  | { type: 'signed-in'; login: string; request: number; access: string; refresh: string; seconds: number }
  | { type: 'fault'; host: number; endpoint: string; fault: string; worker: string; login: string | undefined }
  | { type: 'refresh-arrived'; login: string; token: string; worker: string }
  | { type: 'rotated'; login: string; from: string; to: string; worker: string; fault: string | undefined }
  | { type: 'rotation-answered'; to: string; delivered: boolean; fault: string | undefined }
  | { type: 'reused'; login: string; token: string; worker: string }
  | { type: 'refused-chain'; login: string; token: string; worker: string }
  | { type: 'revoked'; login: string }
  | { type: 'foreign-token'; login: string; host: number; path: string; worker: string }
  | { type: 'crossed'; login: string; asked: string; worker: string };

/** What the harness did to the world, and what it saw of its processes. */
export type WorldReport =
  | { type: 'started'; worker: string }
  | { type: 'killed'; worker: string; why: string }
  | { type: 'stopped' | 'continued'; worker: string }
  | { type: 'exited'; worker: string; how: string; output: string }
  | { type: 'clock'; worker: string; offsetMs: number }
  | { type: 'outage'; what: Outage; worker?: string; login?: string; host?: number }
  | { type: 'restored'; what: Outage; worker?: string; host?: number }
  | { type: 'login-saved'; login: string; token: string }
  | { type: 'hung'; worker: string; id: string; login: string; seconds: number }
  | { type: 'leak'; worker: string; where: string; token: string; text: string }
  | { type: 'not-recovered'; login: string; last: string };

export type Outage =
  | 'disk full'
  | 'redis down'
  | 'redis paused'
  | 'keyring locked'
  | 'no file descriptors'
  | 'host down';

/** What breaks which places. */
export const STORE_OUTAGES: Readonly<Record<StoreKind, readonly string[]>> = {
  file: ['disk full'],
  redis: ['redis down', 'redis paused'],
  // Its lock is a file.
  keychain: ['keyring locked', 'disk full'],
};

/** A line of the event log. */
export type Event = { at: number; worker?: string } & (WorkerReport | ServerReport | WorldReport);

/** How a token is named wherever it must not stand. */
export function tokenName(token: string): string {
  return createHash('sha256').update(token).digest('hex').slice(0, 12);
}
