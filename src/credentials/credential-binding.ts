/**
 * What a credential was issued for, and who may use one that does not say so (docs/decisions.md#38-bound-credentials).
 */
import { withoutTrailingSlashes } from '../transport/trailing-slashes';
import { API_BASE_URLS, OAUTH_HOSTS, type KimiRegion } from '../upstream';
import { isTombstone, type KimiCredentialBinding, type KimiCredentials } from './credential-store';

/** The binding of a login of these hosts, as URLs are written; what is no URL stays as it is, and fits nothing. */
export function bindingOf({
  oauthHost,
  apiBaseURL,
  account = 'default',
}: {
  oauthHost: string;
  apiBaseURL: string;
  account?: string | undefined;
}): KimiCredentialBinding {
  const { origin, pathname } = URL.canParse(oauthHost) ? new URL(oauthHost) : { origin: oauthHost, pathname: '' };
  return {
    oauthHost: withoutTrailingSlashes(`${origin}${pathname}`),
    apiOrigin: originOf(apiBaseURL),
    account,
  };
}

export function isSameBinding(one: KimiCredentialBinding, other: KimiCredentialBinding): boolean {
  return one.oauthHost === other.oauthHost && one.apiOrigin === other.apiOrigin && one.account === other.account;
}

/** For messages: `account "work" at https://auth.kimi.com for https://api.kimi.com`. */
export function describeBinding({ oauthHost, apiOrigin, account }: KimiCredentialBinding): string {
  return `account ${JSON.stringify(account)} at ${oauthHost} for ${apiOrigin}`;
}

/** Whose a record is, seen from one binding. `unknown`: nobody can say, and it is not to be guessed. */
export type Ownership =
  | { whose: 'ours'; isStated: boolean }
  | { whose: 'other'; binding: KimiCredentialBinding }
  | { whose: 'unknown' };

/**
 * Whose a record is. What the record says counts, then what its place says. Where neither says it, the record is of an
 * earlier version or of a store that does not keep it all: then it is used with Kimi's own hosts only, by the first of
 * this process that comes, and stays as it is until it is renewed. No other host is ever taken for the one it is of.
 */
export function ownershipOf(
  record: KimiCredentials,
  {
    seeker,
    implied,
    claim,
  }: { seeker: KimiCredentialBinding; implied: KimiCredentialBinding | undefined; claim: BindingClaim },
): Ownership {
  const stated = record.issuedFor ?? implied;
  if (stated !== undefined) {
    return isSameBinding(stated, seeker) ? { whose: 'ours', isStated: true } : { whose: 'other', binding: stated };
  }
  if (isTombstone(record)) {
    return { whose: 'ours', isStated: false };
  }
  if (!isOfKimi(record, seeker)) {
    return { whose: 'unknown' };
  }
  claim.by ??= seeker;
  return isSameBinding(claim.by, seeker) ? { whose: 'ours', isStated: false } : { whose: 'other', binding: claim.by };
}

/** Who in this process was the first to use a place whose record does not say for whom it is. */
export type BindingClaim = { by?: KimiCredentialBinding | undefined };

/** Whether these hosts are Kimi's own, and a pair that belongs together; for a key, those that its record names. */
function isOfKimi(record: KimiCredentials, { oauthHost, apiOrigin }: KimiCredentialBinding): boolean {
  if (record.type === 'api-key') {
    return originOf(API_BASE_URLS[record.service][record.region]) === apiOrigin;
  }
  return (Object.keys(OAUTH_HOSTS) as KimiRegion[]).some(
    region => OAUTH_HOSTS[region] === oauthHost && originOf(API_BASE_URLS.coding[region]) === apiOrigin,
  );
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : url;
}
