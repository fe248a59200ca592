/**
 * A session's view of its store, and the only place where a login is read, written or removed: the same operations,
 * each write under a lock that is proved to be held, with every failure a `KimiCredentialStoreError`, also of a store
 * that a user wrote.
 */
import { checkCredentials, tombstoneOf } from '../../credentials/credential-record';
import type {
  CredentialLock,
  CredentialStore,
  KimiCredentials,
  KimiOAuthCredentials,
} from '../../credentials/credential-store';
import { hideSecrets } from '../../credentials/describe-failure';
import { KimiCredentialStoreError, KimiError } from '../../errors/kimi-error';

/** `undefined`: never stored. */
export async function loadRecord(store: CredentialStore): Promise<KimiCredentials | undefined> {
  try {
    return checkCredentials(await store.load(), store);
  } catch (error) {
    throw storeError(store.location, 'load', error);
  }
}

/**
 * Proves that the login that follows `current` can be saved (docs/decisions.md#39-save-before-spend), while the lock is
 * held: a store that was just read is not yet one that can be written.
 * @returns gives back what no save has used; never throws
 */
export async function prepareSave(
  store: CredentialStore,
  current: KimiCredentials,
  lock: CredentialLock | undefined,
): Promise<() => Promise<void>> {
  await assertHeld(store, lock);
  try {
    if (store.prepareSave !== undefined) {
      return await store.prepareSave(current);
    }
    await store.save(current);
    return async () => {};
  } catch (error) {
    throw storeError(store.location, 'save', error, current);
  }
}

/** Saves while the lock is held; a lost one (`lock-lost`) saves nothing. */
export async function saveRecord(
  store: CredentialStore,
  credentials: KimiCredentials,
  lock: CredentialLock | undefined,
): Promise<void> {
  await assertHeld(store, lock);
  try {
    await store.save(credentials);
  } catch (error) {
    throw storeError(store.location, 'save', error, credentials);
  }
}

/**
 * The tombstone, in the form that the official client writes and reads, too (docs/wire.md#tombstone): nobody sends this
 * login again.
 */
export async function writeTombstone(
  store: CredentialStore,
  dead: KimiOAuthCredentials,
  lock: CredentialLock | undefined,
  warn: (message: string) => void,
): Promise<void> {
  try {
    await saveRecord(store, tombstoneOf(dead), lock);
  } catch (error) {
    // This process knows the login to be dead all the same, and that is the error that the person needs.
    warn(`The Kimi login in ${store.location} has ended, which could not be noted there: ${(error as Error).message}`);
  }
}

/** Removes the record while the lock is held. */
export async function clearRecord(store: CredentialStore, lock: CredentialLock | undefined): Promise<void> {
  await assertHeld(store, lock);
  try {
    await store.clear();
  } catch (error) {
    throw storeError(store.location, 'clear', error);
  }
}

/** Throws `lock-lost` unless the lock is held, or the store has none. */
export async function assertHeld({ location }: CredentialStore, lock: CredentialLock | undefined): Promise<void> {
  try {
    await lock?.assertHeld();
  } catch (error) {
    throw KimiCredentialStoreError.isInstance(error)
      ? error
      : new KimiCredentialStoreError({
          location,
          operation: 'lock',
          reason: 'lock-lost',
          message: `The lock of ${location} was lost: ${reasonOf(error)}`,
        });
  }
}

/**
 * Runs the callback under the store's lock, or just so where the store has none. What the callback did counts even if
 * the release fails.
 */
export async function underLock<T>(
  store: CredentialStore,
  callback: (lock: CredentialLock | undefined) => Promise<T>,
  abortSignal: AbortSignal | undefined,
): Promise<T> {
  if (store.withLock === undefined) {
    return callback(undefined);
  }
  let outcome: { value: T } | { error: unknown } | undefined;
  try {
    await store.withLock(
      async lock => {
        try {
          outcome = { value: await callback(lock) };
        } catch (error) {
          outcome = { error };
        }
      },
      { abortSignal },
    );
  } catch (error) {
    abortSignal?.throwIfAborted();
    if (outcome === undefined) {
      throw storeError(store.location, 'lock', error);
    }
  }
  const done = outcome as { value: T } | { error: unknown } | undefined;
  if (done === undefined) {
    throw storeError(store.location, 'lock', new Error('withLock returned without running its callback'));
  }
  if ('error' in done) {
    throw done.error;
  }
  return done.value;
}

function storeError(
  location: string,
  operation: KimiCredentialStoreError['operation'],
  error: unknown,
  credentials?: KimiCredentials | undefined,
): KimiError {
  if (KimiError.isInstance(error)) {
    return error;
  }
  const message = `The credential store ${location} failed to ${operation}: ${reasonOf(error, credentials)}`;
  return new KimiCredentialStoreError({ location, operation, reason: 'failed', message });
}

/** A database's error may quote what was to be saved. It is not kept as a cause for the same reason. */
function reasonOf(error: unknown, credentials?: KimiCredentials | undefined): string {
  return error instanceof Error ? hideSecrets(`${error.name}: ${error.message}`, credentials) : 'unknown error';
}
