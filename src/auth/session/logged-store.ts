import {
  storeAround,
  type CredentialLock,
  type CredentialLockOptions,
  type CredentialStore,
} from '../../credentials/credential-store';
import { errorDetails, type Log } from '../../log/log';

/** The same store, of whose reads, writes and locks is told: that they were, how long they took, never what is in them. */
export function loggedStore(store: CredentialStore, openLog: () => Log | undefined): CredentialStore {
  const told = async <T>(operation: string, run: () => Promise<T>): Promise<T> => {
    const log = openLog();
    if (log === undefined) {
      return run();
    }
    const { location } = store;
    const started = performance.now();
    const ms = () => Math.round(performance.now() - started);
    try {
      const result = await run();
      log.debug('store', { operation, location, ms: ms() });
      return result;
    } catch (error) {
      log.warn('store', { operation, location, ms: ms(), ...errorDetails(error) });
      throw error;
    }
  };
  const changes: Partial<Omit<CredentialStore, 'location'>> = {
    load: () => told('load', () => store.load()),
    save: credentials => told('save', () => store.save(credentials)),
    clear: () => told('clear', () => store.clear()),
  };
  const { prepareSave, withLock } = store;
  if (prepareSave !== undefined) {
    changes.prepareSave = credentials => told('prepare save', () => prepareSave.call(store, credentials));
  }
  if (withLock !== undefined) {
    changes.withLock = <T>(callback: (lock: CredentialLock) => Promise<T>, options?: CredentialLockOptions) => {
      const asked = performance.now();
      const taken = (lock: CredentialLock): Promise<T> => {
        openLog()?.debug('lock taken', { location: store.location, waitedMs: Math.round(performance.now() - asked) });
        return callback(lock);
      };
      return told('lock', () => withLock.call(store, taken, options) as Promise<T>);
    };
  }
  return storeAround(store, changes);
}
