import type { Access } from './resolve-call';

/**
 * Names what is kept for an account: catalogs and uploaded files, in memory and on the disk. A login is known by its
 * slot; a key may belong to anybody, so that 32 bits of its SHA-256 stand behind it.
 * @returns a function that gives a file-safe name
 */
export function accountNames(): (access: Pick<Access, 'place' | 'credentials'>) => Promise<string> {
  const fingerprint = rememberingLast(fingerprintOf);
  return async ({ place, credentials }) => {
    const slot = await place.slot;
    return credentials.refresh === undefined
      ? `${slot}-${await fingerprint((await credentials.getCredential()).token)}`
      : slot;
  };
}

/** An `apiKey` function may give a key of each user of a server, or a new one every hour. */
const MOST_ACCOUNTS = 100;

/** What is made once for each account, for as long as the making did not fail. */
export class KeptByAccount<T> {
  private readonly kept = new Map<string, Promise<T>>();

  /** @param name of `accountNames` */
  of(name: string, make: () => Promise<T>): Promise<T> {
    const known = this.kept.get(name);
    if (known !== undefined) {
      return known;
    }
    const made = make();
    this.kept.set(name, made);
    made.catch(() => this.kept.delete(name));
    const oldest = this.kept.keys().next();
    if (this.kept.size > MOST_ACCOUNTS && oldest.done !== true) {
      this.kept.delete(oldest.value);
    }
    return made;
  }
}

async function fingerprintOf(key: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(key)));
  return Array.from(digest.subarray(0, 4), byte => byte.toString(16).padStart(2, '0')).join('');
}

/** In a closure, because a key must not show where a provider is inspected. */
function rememberingLast<T>(make: (key: string) => Promise<T>): (key: string) => Promise<T> {
  let last: { key: string; made: Promise<T> } | undefined;
  return key => (last?.key === key ? last : (last = { key, made: make(key) })).made;
}
