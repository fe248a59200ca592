/** What tells one login from another (docs/decisions.md#9-slots). */
export type CredentialSlotParts = {
  oauthHost: string;
  apiBaseURL: string;
  /** Default `default`. */
  account?: string | undefined;
};

/** Longest readable part, so that the slot with any suffix fits every file system's 255 bytes. */
const READABLE_LENGTH = 40;

/**
 * The name of one login in a store, lock or cache: `<account>-<16 hex digits>`. The digits are the start of the SHA-256
 * of host, API base and account, so that two logins never share a name, also where names are not case-sensitive or the
 * account is not ASCII; the account is there for people. Made of `a-z 0-9 . _ -` only, and never begins with a dot: fit
 * for a file, a keychain item and a Redis key. WebCrypto, so that it works on edge runtimes too. A digest is a trip to
 * another thread (50 microseconds): who needs the name at each request keeps it.
 */
export async function credentialSlot({
  oauthHost,
  apiBaseURL,
  account = 'default',
}: CredentialSlotParts): Promise<string> {
  const text = JSON.stringify({ oauthHost, apiBaseURL, account });
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  const hex = Array.from(digest.subarray(0, 8), byte => byte.toString(16).padStart(2, '0')).join('');
  const readable = account
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '_')
    .replace(/^[._-]+/, '')
    .slice(0, READABLE_LENGTH);
  return `${readable || 'account'}-${hex}`;
}
