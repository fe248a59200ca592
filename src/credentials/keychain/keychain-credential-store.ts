import { join } from 'node:path';
import { parseCredentials, serializeCredentials } from '../credential-record';
import type { CredentialStore } from '../credential-store';
import { dataDirectory, noHomeDirectory } from '../data-directory';
import { withFileLock } from '../file-lock';
import { findKeychainLibraries, hasSessionBus, runKeychainChild, type KeychainLibrary } from './keychain-child';
import { keychainError } from './keychain-error';
import {
  asciiJson,
  deleteItem,
  proveWritable,
  readItem,
  SHORTEST_VALUE_LENGTH,
  WINDOWS_VALUE_LENGTH,
  writeItem,
  type KeychainItem,
  type RunSteps,
} from './keychain-item';

/** Settings of {@link keychainCredentialStore}. */
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

/**
 * Keeps the credential in the keychain of the system: macOS Keychain, Windows Credential Manager, or the Secret Service
 * (GNOME Keyring, KWallet, KeePassXC); never in Linux's kernel keyring, which forgets. One item: service
 * `ai-sdk-provider-kimi`, account = slot.
 *
 * Every native call runs in a child process that is killed at the limit, so a hung bus, an unanswered prompt or a crash
 * of the library is an error here (docs/decisions.md#14-keychain-in-a-child). An operation takes about a tenth of a
 * second: read once, keep the token in memory.
 *
 * Protects the credential on the disk. On macOS any Node program of the same user can read it; on Linux any program,
 * once unlocked.
 */
export function keychainCredentialStore(options: KeychainCredentialStoreOptions = {}): CredentialStore {
  const { slot = 'default', service = 'ai-sdk-provider-kimi', timeoutMs = 10_000, environment = process.env } = options;
  const maxLength =
    options.maxValueLength ?? (process.platform === 'win32' ? WINDOWS_VALUE_LENGTH : Number.POSITIVE_INFINITY);
  const location = `keychain item ${service}/${slot}`;
  if (maxLength < SHORTEST_VALUE_LENGTH) {
    throw new RangeError(`maxValueLength is ${maxLength}; it must be at least ${SHORTEST_VALUE_LENGTH}.`);
  }
  const lockPath = (name: string) => {
    const directory = dataDirectory({ environment });
    if (directory === undefined) {
      throw noHomeDirectory('lock');
    }
    return join(directory, `${slot}.${name}.lock`);
  };
  // On macOS both libraries read and write the same item.
  const item: KeychainItem = { slot, location, maxLength, canDiffer: process.platform !== 'darwin' };

  /** Runs the requests of one operation, which have the time limit together. */
  function begin(operation: 'load' | 'save' | 'clear'): RunSteps {
    const end = performance.now() + timeoutMs;
    return async steps => {
      const request = { service, libraries: options.libraries ?? findKeychainLibraries(), steps };
      const ask = async () =>
        process.platform === 'linux' && !hasSessionBus(environment)
          ? ({ ok: false, kind: 'unavailable', message: 'DBUS_SESSION_BUS_ADDRESS is not set' } as const)
          : runKeychainChild(request, { timeoutMs: Math.max(1, end - performance.now()), environment });
      let answer = await ask();
      if (!answer.ok && answer.kind === 'ended') {
        // The bus starts another service (docs/wire.md#gnome-keyring-ends-at-a-first-message), and every step may run
        // twice. A process of its own, because the libraries keep a session with the service that is gone.
        answer = await ask();
      }
      if (!answer.ok) {
        throw keychainError(answer, { operation, location, service, slot, timeoutMs });
      }
      return answer.results;
    };
  }

  /** Where values are split, writes must not cross: the chunks of two would mix, and neither could be read. */
  const alone = async (write: () => Promise<void>) =>
    maxLength === Number.POSITIVE_INFINITY
      ? write()
      : withFileLock(write, { lockPath: lockPath('keychain-write'), location, waitMs: timeoutMs });

  return {
    location,
    async load() {
      const text = await readItem(item, begin('load'));
      return text === undefined ? undefined : parseCredentials(text, { location });
    },
    async save(credentials) {
      const text = asciiJson(serializeCredentials(credentials));
      await alone(() => writeItem(item, begin('save'), text));
    },
    async prepareSave(credentials) {
      const text = asciiJson(serializeCredentials(credentials));
      await alone(() => proveWritable(item, begin('save'), text));
      return async () => {};
    },
    async clear() {
      await alone(() => deleteItem(item, begin('clear')));
    },
    withLock: async (callback, lockOptions) =>
      withFileLock(callback, { ...lockOptions, lockPath: lockPath('keychain'), location }),
  };
}
