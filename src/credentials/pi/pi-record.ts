/** The text of pi's `auth.json`, in and out: one entry for each provider, of which one is ours (docs/wire.md#pi-logins). */
import { z } from 'zod/v4';
import { KimiCredentialStoreError } from '../../errors/kimi-error';
import { lazy } from '../../transport/lazy';
import type { KimiCredentials, KimiOAuthCredentials } from '../credential-store';

/** What pi asks of a login that it keeps, and what ours has besides. */
export type PiLogin = {
  type: 'oauth';
  access: string;
  refresh: string;
  /** End of the access token, in ms since the epoch. */
  expires: number;
  /** Lifetime of the access token, in seconds. */
  expiresIn?: number | undefined;
  scope?: string | undefined;
  tokenType?: string | undefined;
  issuedFor?: KimiOAuthCredentials['issuedFor'];
};

/** All entries of the file, as they are; others' are handed on unread. */
export type PiAuthFile = Record<string, unknown>;

/** What the server gives, for a login that another extension left without saying it. */
const USUAL_LIFETIME_S = 900;

const loginSchema = lazy(() =>
  z.object({
    type: z.literal('oauth'),
    access: z.string(),
    refresh: z.string(),
    expires: z.number().nonnegative(),
    expiresIn: z.number().nonnegative().optional(),
    scope: z.string().optional(),
    tokenType: z.string().optional(),
    issuedFor: z.object({ oauthHost: z.string(), apiOrigin: z.string(), account: z.string() }).optional(),
  }),
);

/** @throws KimiCredentialStoreError (`corrupt`) that never quotes the text */
export function parsePiAuthFile(text: string, location: string): PiAuthFile {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    // V8 quotes the text in its message, so the error is not kept as a cause.
    throw corrupt(location, text.trim() === '' ? 'the file is empty' : 'the file is not valid JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw corrupt(location, 'the file does not hold a JSON object');
  }
  return value as PiAuthFile;
}

/**
 * The login of `providerId`; `undefined` where there is none, or a key, which is pi's own affair.
 * @throws KimiCredentialStoreError (`corrupt`)
 */
export function loginIn(file: PiAuthFile, providerId: string, location: string): KimiOAuthCredentials | undefined {
  const entry = Object.hasOwn(file, providerId) ? file[providerId] : undefined;
  if (entry === undefined || (entry as { type?: unknown } | null)?.type === 'api_key') {
    return undefined;
  }
  const result = loginSchema().safeParse(entry);
  if (!result.success) {
    throw corrupt(location, `the entry "${providerId}" is not a login`, 'entry');
  }
  return fromPiLogin(result.data);
}

export function fromPiLogin(login: PiLogin): KimiOAuthCredentials {
  const { access, refresh, expires, expiresIn, scope, tokenType, issuedFor } = login;
  return {
    type: 'oauth',
    accessToken: access,
    refreshToken: refresh,
    expiresAt: Math.floor(expires / 1000),
    expiresIn: expiresIn ?? USUAL_LIFETIME_S,
    scope: scope ?? '',
    tokenType: tokenType ?? 'Bearer',
    ...(issuedFor === undefined ? {} : { issuedFor }),
  };
}

export function toPiLogin(credentials: KimiOAuthCredentials): PiLogin {
  const { accessToken, refreshToken, expiresAt, expiresIn, scope, tokenType, issuedFor } = credentials;
  return {
    type: 'oauth',
    access: accessToken,
    refresh: refreshToken,
    expires: expiresAt * 1000,
    expiresIn,
    scope,
    tokenType,
    ...(issuedFor === undefined ? {} : { issuedFor }),
  };
}

/** pi keeps keys itself. @throws KimiCredentialStoreError (`failed`) */
export function refuseKey(credentials: KimiCredentials, location: string): asserts credentials is KimiOAuthCredentials {
  if (credentials.type === 'api-key') {
    const message = `A key is not saved in ${location} by this package: pi does it, with /login.`;
    throw new KimiCredentialStoreError({ location, operation: 'save', reason: 'failed', message });
  }
}

function corrupt(location: string, what: string, where: 'file' | 'entry' = 'file'): KimiCredentialStoreError {
  const message =
    where === 'entry'
      ? `What pi keeps in ${location} is damaged: ${what}. Sign in again, which replaces it: /login kimi-coder`
      : `${location}, where pi keeps the logins of all its providers, is damaged: ${what}. It is left as it is: mend ` +
        'it, or remove it and sign in again in pi.';
  return new KimiCredentialStoreError({ location, operation: 'load', reason: 'corrupt', message });
}
