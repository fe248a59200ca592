/**
 * What opencode's store has under the id of our provider, and what it means here (docs/wire.md#opencode-auth-store).
 * opencode keeps the fields that it knows, and drops all others when it writes the file for another provider.
 */
import { z } from 'zod/v4';
import { API_BASE_URLS, OAUTH_HOSTS, type KimiRegion, type KimiService } from '../../upstream';
import { bindingOf } from '../credential-binding';
import type { KimiCredentialBinding, KimiCredentials, KimiOAuthCredentials } from '../credential-store';

const entrySchema = z.union([
  z.object({
    type: z.literal('oauth'),
    refresh: z.string(),
    access: z.string(),
    /** Milliseconds since the epoch. */
    expires: z.number().nonnegative(),
    accountId: z.string().optional(),
    enterpriseUrl: z.string().optional(),
  }),
  z.object({
    type: z.literal('api'),
    key: z.string().min(1),
    metadata: z.record(z.string(), z.string()).optional(),
  }),
]);

/** As opencode writes it. */
export type OpencodeAuthEntry = z.infer<typeof entrySchema>;

/** A login of the machine that opencode was told to share; `undefined` for an entry that is a login of its own. */
export type SharedLogin = { region: KimiRegion; account: string };

/** Instead of a key: opencode lets no plugin store anything else of type `api`. Not a secret. */
const SHARED = 'login-of-this-machine';

/** Lifetime of an access token (docs/wire.md#token-lifetime), where the entry does not say. */
const USUAL_LIFETIME = 900;

const REGIONS: readonly KimiRegion[] = ['mainland-cn', 'global'];
const SERVICES: readonly KimiService[] = ['coding', 'platform'];

/** `undefined` for what is none. */
export function parseEntry(value: unknown): OpencodeAuthEntry | undefined {
  return entrySchema.safeParse(value).data;
}

export function sharedEntry({ region, account }: SharedLogin): OpencodeAuthEntry {
  return { type: 'api', key: `${SHARED}:${region}:${encodeURIComponent(account)}` };
}

export function sharedLoginOf(entry: OpencodeAuthEntry | undefined): SharedLogin | undefined {
  if (entry?.type !== 'api' || !entry.key.startsWith(`${SHARED}:`)) {
    return undefined;
  }
  const [, region, account = ''] = entry.key.split(':');
  return { region: oneOf(REGIONS, region), account: decoded(account) || 'default' };
}

/**
 * The entry of a credential. What opencode has no field for stands in `enterpriseUrl`, which it keeps and hands on to
 * nobody else.
 */
export function entryOf(credentials: KimiCredentials): OpencodeAuthEntry {
  const binding = bindingFields(credentials.issuedFor);
  if (credentials.type === 'api-key') {
    const { key, service, region } = credentials;
    return { type: 'api', key, metadata: { service, region, ...binding } };
  }
  const { accessToken, refreshToken, expiresAt, expiresIn, scope, tokenType } = credentials;
  const details = new URLSearchParams({ expires_in: String(expiresIn), scope, token_type: tokenType, ...binding });
  return {
    type: 'oauth',
    refresh: refreshToken,
    access: accessToken,
    expires: Math.round(expiresAt * 1000),
    enterpriseUrl: `kimi:?${details}`,
  };
}

/**
 * The credential of an entry. One that another plugin wrote (`opencode-kimi-full`) is of the mainland, which is all
 * that they know; a key without its place is one of the coding service there.
 * @param now seconds since the epoch
 */
export function credentialsOf(entry: OpencodeAuthEntry, now: number): KimiCredentials {
  if (entry.type === 'api') {
    const { place: asked = '', ...binding } = entry.metadata ?? {};
    const [service = binding.service, region = binding.region] = asked === '' ? [] : asked.split(' ');
    const place = { service: oneOf(SERVICES, service), region: oneOf(REGIONS, region) };
    return { type: 'api-key', key: entry.key, ...place, ...withBinding(binding) };
  }
  const { access, refresh, expires, enterpriseUrl } = entry;
  const expiresAt = expires / 1000;
  const isOurs = enterpriseUrl?.startsWith('kimi:?') === true;
  const { expires_in, scope, token_type, ...binding } = Object.fromEntries(
    new URLSearchParams(isOurs ? enterpriseUrl.slice('kimi:?'.length) : ''),
  );
  const lifetime = Number(expires_in ?? Number.NaN);
  return {
    type: 'oauth',
    accessToken: access,
    refreshToken: refresh,
    expiresAt,
    expiresIn: Number.isFinite(lifetime) && lifetime >= 0 ? lifetime : Math.max(USUAL_LIFETIME, expiresAt - now),
    scope: scope ?? 'kimi-code',
    tokenType: token_type ?? 'Bearer',
    ...(isOurs || access === '' ? withBinding(binding) : { issuedFor: mainland() }),
  } satisfies KimiOAuthCredentials;
}

function bindingFields(binding: KimiCredentialBinding | undefined): Record<string, string> {
  return binding === undefined
    ? {}
    : { oauth_host: binding.oauthHost, api_origin: binding.apiOrigin, account: binding.account };
}

function withBinding(fields: Readonly<Record<string, string>>): { issuedFor?: KimiCredentialBinding } {
  const { oauth_host: oauthHost, api_origin: apiOrigin, account } = fields;
  return oauthHost === undefined || apiOrigin === undefined || account === undefined
    ? {}
    : { issuedFor: { oauthHost, apiOrigin, account } };
}

function mainland(): KimiCredentialBinding {
  return bindingOf({ oauthHost: OAUTH_HOSTS['mainland-cn'], apiBaseURL: API_BASE_URLS.coding['mainland-cn'] });
}

/** The first is the default. */
function oneOf<T extends string>(allowed: readonly [T, ...T[]] | readonly T[], value: string | undefined): T {
  return allowed.find(name => name === value) ?? (allowed[0] as T);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
