/**
 * The text of an official client's credential file, in and out. Both clients use the same keys in the same order
 * (docs/wire.md#credential-file); numbers and spacing differ, and each keeps its own form here.
 */
import { KimiCredentialStoreError } from '../../errors/kimi-error';
import { tombstoneOf } from '../credential-record';
import type { KimiCredentials, KimiOAuthCredentials } from '../credential-store';

type OfficialRecord = {
  access_token: string;
  refresh_token: string;
  expires_at: number;
  scope: string;
  token_type: string;
  expires_in: number;
};

/**
 * Reads either client's file. A record with an empty access token comes back as a tombstone: that is how both clients
 * see it.
 *
 * Stricter than the clients, on purpose. The TypeScript client reads a file it cannot parse as "never signed in" and a
 * string `expires_at` as "never refresh" (docs/wire.md#credential-file); here both are an error, because to guess wrong
 * costs the login.
 * @param signIn the official client's login command, for the message
 * @throws KimiCredentialStoreError (`corrupt`) that names the file and the field, never a value
 */
export function parseOfficialRecord(
  text: string,
  { location, signIn }: { location: string; signIn: string },
): KimiOAuthCredentials {
  const corrupt = (what: string) =>
    new KimiCredentialStoreError({
      location,
      operation: 'load',
      reason: 'corrupt',
      message:
        `The login in ${location} is damaged: ${what}. Sign in again with the program it belongs to, which ` +
        `replaces it (${signIn}), ` +
        'or with a login of your own: npx ai-sdk-provider-kimi login',
    });

  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // V8 quotes the text in its message, so the error is not kept as a cause.
    throw corrupt(text.trim() === '' ? 'the file is empty' : 'the file is not valid JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw corrupt('the file does not hold a JSON object');
  }
  const record: { readonly [Key in keyof OfficialRecord]?: unknown } = value;

  const string = (field: keyof OfficialRecord, fallback?: string): string => {
    const found = record[field] ?? fallback;
    if (typeof found !== 'string') {
      throw corrupt(`${field} is not a string`);
    }
    return found;
  };
  const seconds = (field: keyof OfficialRecord, fallback?: number): number => {
    const found = record[field] ?? fallback;
    if (typeof found !== 'number' || !Number.isFinite(found) || found < 0) {
      throw corrupt(`${field} is not a number of seconds`);
    }
    return found;
  };

  const credentials: KimiOAuthCredentials = {
    type: 'oauth',
    accessToken: string('access_token'),
    refreshToken: string('refresh_token', ''),
    expiresAt: seconds('expires_at'),
    expiresIn: seconds('expires_in', 0),
    scope: string('scope', ''),
    tokenType: string('token_type', ''),
  };
  return credentials.accessToken === '' ? tombstoneOf(credentials) : credentials;
}

/** An official client's credential file has no place for a key. @throws KimiCredentialStoreError (`failed`) */
export function refuseApiKey(
  credentials: KimiCredentials,
  location: string,
): asserts credentials is KimiOAuthCredentials {
  if (credentials.type === 'api-key') {
    throw new KimiCredentialStoreError({
      location,
      operation: 'save',
      reason: 'failed',
      message:
        `${location} belongs to an official client and holds an OAuth login only; a key cannot be kept there. ` +
        'Keep it in a store of your own: npx ai-sdk-provider-kimi login --api-key --store keychain (or --store file)',
    });
  }
}

/**
 * The TypeScript client's form: 2-space JSON with a newline at the end, whole seconds (docs/wire.md#credential-file). A
 * tombstone is what that client writes when the server rejects a login: no tokens, no times, scope and type kept
 * (docs/wire.md#tombstone).
 */
export function formatKimiCodeRecord(credentials: KimiOAuthCredentials): string {
  const record = toOfficialRecord(credentials);
  return `${JSON.stringify({ ...record, expires_at: Math.floor(record.expires_at) }, null, 2)}\n`;
}

/**
 * The Python client's form: `json.dumps` on one line without a newline, seconds as floats
 * (docs/wire.md#credential-file).
 *
 * That client never writes a tombstone: a rejected login stays in its file. What it makes of ours was read in its
 * source: empty tokens are not cached as an access token and end a refresh before it is sent (`_cache_access_token`,
 * `_refresh_tokens`), so it falls back to the configured key, which is empty after its own login, and asks for
 * `/login`. All keys are present and the times are `0.0`.
 */
export function formatKimiCliRecord(credentials: KimiOAuthCredentials): string {
  const fields = Object.entries(toOfficialRecord(credentials)).map(
    ([key, value]) => `"${key}": ${typeof value === 'number' ? pythonFloat(value) : JSON.stringify(value)}`,
  );
  return `{${fields.join(', ')}}`;
}

function pythonFloat(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

function toOfficialRecord(credentials: KimiOAuthCredentials): OfficialRecord {
  const { accessToken, refreshToken, expiresAt, scope, tokenType, expiresIn } =
    credentials.accessToken === '' ? tombstoneOf(credentials) : credentials;
  return {
    access_token: accessToken,
    refresh_token: refreshToken,
    expires_at: expiresAt,
    scope,
    token_type: tokenType,
    expires_in: expiresIn,
  };
}
