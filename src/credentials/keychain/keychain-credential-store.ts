import { join } from 'node:path';
import { KimiCredentialStoreError } from '../../errors/kimi-credential-store-error';
import { parseCredentials, serializeCredentials } from '../credential-record';
import type { CredentialStore } from '../credential-store';
import { dataDirectory } from '../data-directory';
import { withFileLock } from '../file-lock';
import {
  asciiJson,
  chunkAccount,
  joinChunks,
  parseChunkHead,
  SHORTEST_VALUE_LENGTH,
  splitValue,
  WINDOWS_VALUE_LENGTH,
  type ChunkHead,
} from './chunked-value';
import { findKeychainLibraries } from './find-keychain-libraries';
import { hasSessionBus } from './has-session-bus';
import { keychainError } from './keychain-error';
import type { KeychainLibrary, KeychainStep } from './keychain-request';
import { runKeychainChild } from './run-keychain-child';

export type KeychainCredentialStoreOptions = {
  /** Which login, as `credentialSlot` names it: the account of the keychain item. Default `default`. */
  slot?: string | undefined;
  /** The service of the keychain item. Default `ai-sdk-provider-kimi`. */
  service?: string | undefined;
  /** How long one operation may take, a prompt to unlock included. In ms, default 10,000. */
  timeoutMs?: number | undefined;
  /**
   * Longest text of one item in UTF-16 units, at least 80; longer ones are split over several. Default 1,200 on
   * Windows, else unlimited.
   */
  maxValueLength?: number | undefined;
  /**
   * The libraries to use, best first, with absolute paths. Default: `keytar` if the app has it installed, then
   * `@napi-rs/keyring`.
   */
  libraries?: readonly { name: KeychainLibrary; path: string }[] | undefined;
  /** Environment of the child processes, and where the data directory with the lock is. Default `process.env`. */
  environment?: Readonly<Record<string, string | undefined>> | undefined;
};

type Operation = 'load' | 'save' | 'clear';
type Results = readonly (string | boolean | null)[];
type Run = (steps: readonly KeychainStep[]) => Promise<Results>;
type Item = { text: string; library: number };

/**
 * A reader that meets a writer looks again so often. A writer needs seconds for one turn, a reader a fraction of one.
 */
const READ_ATTEMPTS = 5;

/** So many chunks of each generation are looked for by the first child process, twice as many by each that follows. */
const FIRST_SEARCH = 4;

/**
 * Keeps the credential in the keychain of the system: macOS Keychain, Windows Credential Manager, or the Secret Service
 * (GNOME Keyring, KWallet, KeePassXC); never in Linux's kernel keyring, which forgets. One item: service
 * `ai-sdk-provider-kimi`, account = slot.
 *
 * Every native call runs in a child process that is killed at the limit, so a hung bus, an unanswered prompt or a crash
 * of the library is an error here (decisions.md 14). An operation takes about a tenth of a second: read once, keep the
 * token in memory.
 *
 * Protects the credential on the disk. On macOS any Node program of the same user can read it; on Linux any program,
 * once unlocked.
 */
export function keychainCredentialStore(options: KeychainCredentialStoreOptions = {}): CredentialStore {
  const { slot = 'default', service = 'ai-sdk-provider-kimi', timeoutMs = 10_000, environment = process.env } = options;
  const maxLength =
    options.maxValueLength ?? (process.platform === 'win32' ? WINDOWS_VALUE_LENGTH : Number.POSITIVE_INFINITY);
  const location = `keychain item ${service}/${slot}`;
  const isSplit = maxLength !== Number.POSITIVE_INFINITY;
  if (maxLength < SHORTEST_VALUE_LENGTH) {
    throw new RangeError(`maxValueLength is ${maxLength}; it must be at least ${SHORTEST_VALUE_LENGTH}.`);
  }
  const lockPath = (name: string) => join(dataDirectory({ environment }), `${slot}.${name}.lock`);
  // On macOS both libraries read and write the same item.
  const canDiffer = process.platform !== 'darwin';

  /** Runs the requests of one operation, which have the time limit together. */
  function begin(operation: Operation): Run {
    const end = performance.now() + timeoutMs;
    return async steps => {
      const request = { service, libraries: options.libraries ?? findKeychainLibraries(), steps };
      const answer =
        process.platform === 'linux' && !hasSessionBus(environment)
          ? ({ ok: false, kind: 'unavailable', message: 'DBUS_SESSION_BUS_ADDRESS is not set' } as const)
          : await runKeychainChild(request, { timeoutMs: Math.max(1, end - performance.now()), environment });
      if (!answer.ok) {
        throw keychainError(answer, { operation, location, service, slot, timeoutMs });
      }
      return answer.results;
    };
  }

  /**
   * The item of the library in use, else the one that the other library wrote, which stays where it is until the next
   * save.
   */
  async function readItem(run: Run): Promise<Item | undefined> {
    const [own, other] = await run([
      { op: 'get', account: slot, library: 0, confirm: true },
      ...(canDiffer ? [{ op: 'get', account: slot, library: 1, unless: 0, confirm: true } as const] : []),
    ]);
    const text = own ?? other;
    return typeof text === 'string' ? { text, library: typeof own === 'string' ? 0 : 1 } : undefined;
  }

  async function readText(run: Run): Promise<string | undefined> {
    for (let attempt = 1; attempt <= READ_ATTEMPTS; attempt += 1) {
      const item = await readItem(run);
      const head = item === undefined ? undefined : parseChunkHead(item.text);
      if (item === undefined || head === undefined) {
        return item?.text;
      }
      const accounts = Array.from({ length: head.chunks }, (_, index) => chunkAccount(slot, head.generation, index));
      const chunks = await run(accounts.map(account => ({ op: 'get', account, library: item.library })));
      const value = joinChunks(head, chunks);
      if (value !== undefined) {
        return value;
      }
    }
    throw new KimiCredentialStoreError({
      location,
      operation: 'load',
      reason: 'corrupt',
      message:
        `The credential in ${location} is damaged: a part of it is missing. Sign in again, which replaces it: ` +
        'npx ai-sdk-provider-kimi login',
    });
  }

  /** Where values are split, writes must not cross: the chunks of two would mix, and neither could be read. */
  const alone = (write: () => Promise<void>) =>
    isSplit ? withFileLock(write, { lockPath: lockPath('keychain-write'), location, waitMs: timeoutMs }) : write();

  /** What both libraries have under the slot now, as the first results of a request. */
  const heads: readonly KeychainStep[] = [0, ...(canDiffer ? [1] : [])].map(library => ({
    op: 'get',
    account: slot,
    library,
    optional: library === 1,
  }));
  const deleteOther: readonly KeychainStep[] = canDiffer
    ? [{ op: 'delete', account: slot, library: 1, optional: true }]
    : [];

  async function saveWhole(run: Run, text: string): Promise<void> {
    const before = await run([...heads, { op: 'set', account: slot, value: text, library: 0 }, ...deleteOther]);
    await removeChunks(run, before).catch(leaveToNextSave);
  }

  async function saveSplit(run: Run, text: string): Promise<void> {
    const before = await run(heads);
    const current = typeof before[0] === 'string' ? parseChunkHead(before[0]) : undefined;
    const generation = current?.generation === 'a' ? 'b' : 'a';
    const id = Array.from(crypto.getRandomValues(new Uint8Array(4)), byte => byte.toString(16).padStart(2, '0')).join(
      '',
    );
    const { head, chunks } = splitValue(text, maxLength, generation, id);
    await run([
      ...chunks.map(
        (value, index) => ({ op: 'set', account: chunkAccount(slot, generation, index), value, library: 0 }) as const,
      ),
      { op: 'set', account: slot, value: head, library: 0 },
      ...deleteOther,
    ]);
    await removeChunks(run, before, { generation, chunks: chunks.length }).catch(leaveToNextSave);
  }

  /**
   * Deletes the chunks that were in use before, and what earlier writes left when they were killed; keeps those of
   * `kept`.
   */
  async function removeChunks(run: Run, before: Results, kept?: Omit<ChunkHead, 'id'>): Promise<void> {
    const unused = isSplit ? await findChunks(run, kept) : [];
    // Last one first: what a kill leaves then starts at 0 without a gap, so that it is found.
    const steps: KeychainStep[] = [
      ...unused.toReversed().map(account => ({ op: 'delete', account, library: 0 }) as const),
      ...heads.flatMap((_, library) => (isSplit && library === 0 ? [] : deleteChunks(slot, before[library], library))),
    ];
    if (steps.length > 0) {
      await run(steps);
    }
  }

  /** The chunks that are there, of both generations, without those of `kept`. */
  async function findChunks(run: Run, kept?: Omit<ChunkHead, 'id'>): Promise<string[]> {
    const found: string[] = [];
    for (let offset = 0, count = FIRST_SEARCH; ; offset += count, count *= 2) {
      const accounts = (['a', 'b'] as const).flatMap(generation => {
        const from = offset + (kept?.generation === generation ? kept.chunks : 0);
        return Array.from({ length: count }, (_, index) => chunkAccount(slot, generation, from + index));
      });
      const results = await run(accounts.map(account => ({ op: 'get', account, library: 0 })));
      found.push(...accounts.filter((_, index) => results[index] !== null));
      if (results.every(result => result === null)) {
        return found;
      }
    }
  }

  return {
    location,
    async load() {
      const text = await readText(begin('load'));
      return text === undefined ? undefined : parseCredentials(text, { location });
    },
    async save(credentials) {
      const text = asciiJson(serializeCredentials(credentials));
      await alone(() => {
        const run = begin('save');
        return text.length <= maxLength ? saveWhole(run, text) : saveSplit(run, text);
      });
    },
    async clear() {
      await alone(async () => {
        const run = begin('clear');
        const before = await run([
          ...heads,
          { op: 'delete', account: slot, library: 0, confirm: true },
          ...(canDiffer ? [{ op: 'delete', account: slot, library: 1 } as const] : []),
        ]);
        await removeChunks(run, before);
      });
    },
    withLock: (callback, lockOptions) =>
      withFileLock(callback, { ...lockOptions, lockPath: lockPath('keychain'), location }),
  };
}

/** The credential is saved by then: what could not be cleaned up is no reason to report a failed save. */
function leaveToNextSave(): void {}

/** Deletes the chunks that a head names, last one first. */
function deleteChunks(slot: string, text: Results[number] | undefined, library: number): KeychainStep[] {
  const head = typeof text === 'string' ? parseChunkHead(text) : undefined;
  return Array.from({ length: head?.chunks ?? 0 }, (_, index) => ({
    op: 'delete',
    account: chunkAccount(slot, head?.generation ?? 'a', (head?.chunks ?? 0) - 1 - index),
    library,
    optional: library === 1,
  }));
}
