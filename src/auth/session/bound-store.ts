/**
 * A store as the logins of one host and account see it: what is kept there for another one is never handed out,
 * replaced or removed (docs/decisions.md#38-bound-credentials). So every store keeps them apart, also one that a user
 * wrote.
 */
import {
  describeBinding,
  isSameBinding,
  ownershipOf,
  type BindingClaim,
  type Ownership,
} from '../../credentials/credential-binding';
import {
  isTombstone,
  storeAround,
  type CredentialStore,
  type KimiCredentialBinding,
  type KimiCredentials,
} from '../../credentials/credential-store';
import { KimiCredentialStoreError, KimiInvalidArgumentError, KimiLoginRequiredError } from '../../errors/kimi-error';
import type { StoreLock } from './local-lock';
import { loadRecord } from './session-store';

/** Options of {@link boundStore}. */
export type BoundStoreOptions = {
  issuedFor: KimiCredentialBinding;
  /** What a record that does not say so was issued for, because its place is named after it. */
  implied: KimiCredentialBinding | undefined;
  claim: BindingClaim;
  /** Used where the store has no lock. */
  localLock: StoreLock;
};

/** Somebody else's record: of whom, where that is known. */
export type OtherLogin = Exclude<Ownership, { whose: 'ours' }>;

export type BoundStore = CredentialStore & {
  withLock: StoreLock;
  /** The login of another host or account that is kept there, if that is what is there. */
  otherLogin(): Promise<OtherLogin | undefined>;
  /** @throws KimiCredentialStoreError `other-login` where a save would replace one */
  assertReplaceable(): Promise<void>;
};

/**
 * `load` gives a record with its binding; for somebody else's it throws `KimiLoginRequiredError`, which says whose it
 * is. `save` adds the binding. `clear` leaves somebody else's record alone.
 */
export function boundStore(store: CredentialStore, options: BoundStoreOptions): BoundStore {
  const { issuedFor, implied, claim, localLock } = options;
  const judge = (record: KimiCredentials) => ownershipOf(record, { seeker: issuedFor, implied, claim });
  /** The record that was read last says nothing, and was taken for ours on Kimi's own hosts. */
  let isAssumed = false;
  /** `checked`: what is there was seen to be ours, or nothing, since the lock was taken. */
  let lock: 'free' | 'held' | 'checked' = 'free';

  const look = async (): Promise<{ other: OtherLogin | undefined; isAlive: boolean }> => {
    const record = await loadRecord(store).catch((error: unknown) => {
      // A damaged record is nobody's: a login replaces it, and a logout removes it.
      if (KimiCredentialStoreError.isInstance(error) && error.reason === 'corrupt') {
        return undefined;
      }
      throw error;
    });
    const ownership = record === undefined ? undefined : judge(record);
    const other = ownership === undefined || ownership.whose === 'ours' ? undefined : ownership;
    return { other, isAlive: !isTombstone(record) };
  };

  const assertReplaceable = async (): Promise<void> => {
    const { other, isAlive } = await look();
    // A login that has ended is nothing that could be lost.
    if (other !== undefined && isAlive) {
      throw notReplaced(store, issuedFor, other);
    }
  };

  return storeAround(store, {
    otherLogin: async () => (await look()).other,
    assertReplaceable,

    async load() {
      const record = await loadRecord(store);
      const ownership = record === undefined ? undefined : judge(record);
      if (ownership !== undefined && ownership.whose !== 'ours') {
        if (isTombstone(record)) {
          return undefined;
        }
        throw notSignedInHere(store, issuedFor, ownership);
      }
      lock = lock === 'free' ? 'free' : 'checked';
      isAssumed = ownership?.isStated === false;
      return record === undefined || isAssumed || record.issuedFor !== undefined ? record : { ...record, issuedFor };
    },

    async save(credentials: KimiCredentials) {
      if (isAssumed && isTombstone(credentials)) {
        // The host that refused the login may be another one than it is of: that ends it for this process alone.
        return;
      }
      if (lock !== 'checked') {
        await assertReplaceable();
      }
      // The very record that was taken for ours proves that it can be saved, and still says nothing: no host has taken
      // it yet.
      const isProof = isAssumed && credentials.issuedFor === undefined;
      await store.save(isProof ? credentials : bindTo(issuedFor, credentials));
      isAssumed = isProof;
    },

    async clear() {
      const { other } = await look().catch((error: unknown) => {
        // What nobody can read is removed by whoever asks for that: it is what the errors of such records advise.
        if (KimiCredentialStoreError.isInstance(error) && (error.reason === 'failed' || error.reason === 'future')) {
          return { other: undefined };
        }
        throw error;
      });
      if (other === undefined) {
        await store.clear();
      }
    },

    withLock(callback, lockOptions) {
      const withLock = store.withLock?.bind(store) ?? localLock;
      return withLock(async held => {
        lock = 'held';
        try {
          return await callback(held);
        } finally {
          lock = 'free';
        }
      }, lockOptions);
    },
  });
}

/** @throws KimiInvalidArgumentError for a credential that says to be for another one */
export function bindTo<T extends KimiCredentials>(issuedFor: KimiCredentialBinding, credentials: T): T {
  if (credentials.issuedFor !== undefined && !isSameBinding(credentials.issuedFor, issuedFor)) {
    throw new KimiInvalidArgumentError({
      argument: 'credentials.issuedFor',
      message:
        `This credential was issued for ${describeBinding(credentials.issuedFor)}, not for ` +
        `${describeBinding(issuedFor)}. Save it with a provider of those hosts and that account.`,
    });
  }
  return { ...credentials, issuedFor };
}

const OF_ITS_OWN = 'a "credentialStore" of its own (another path, key or slot)';

function notSignedInHere(
  { location, signIn }: CredentialStore,
  seeker: KimiCredentialBinding,
  other: OtherLogin,
): KimiLoginRequiredError {
  // Of a store that another program has, nobody chooses place or record.
  const inProgram =
    signIn === undefined ? undefined : `Unset the variables that name this host, or sign in for it: ${signIn}`;
  const fix =
    inProgram ??
    (other.whose === 'other'
      ? `Sign in with ${OF_ITS_OWN}, or use the settings that this login was made with.`
      : `Sign in with ${OF_ITS_OWN}; or, if you know that it is for there, put that into the record once: ` +
        `issuedFor: ${JSON.stringify(seeker)}.`);
  return new KimiLoginRequiredError({
    reason: 'missing',
    source: location,
    message: `Not signed in to Kimi as ${describeBinding(seeker)}: ${whatIsThere(location, other)}. ${fix}`,
  });
}

function notReplaced(
  { location }: CredentialStore,
  seeker: KimiCredentialBinding,
  other: OtherLogin,
): KimiCredentialStoreError {
  const fix =
    other.whose === 'other'
      ? 'sign out the other one first, with auth.logout() of a provider that has its settings'
      : `if nobody needs the other one, remove it with clear() of the store`;
  return new KimiCredentialStoreError({
    location,
    operation: 'save',
    reason: 'other-login',
    message:
      `Nothing was saved: ${whatIsThere(location, other)}, and a login of ${describeBinding(seeker)} would ` +
      `replace it. Use ${OF_ITS_OWN}, or ${fix}.`,
  });
}

function whatIsThere(location: string, other: OtherLogin): string {
  return other.whose === 'other'
    ? `what is kept in ${location} is of ${describeBinding(other.binding)}, and stays as it is`
    : `what is kept in ${location} does not say which host it is of, and is sent to none but Kimi's own`;
}
