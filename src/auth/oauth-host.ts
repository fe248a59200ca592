/** How the OAuth host is reached, and which URLs are trusted for its sake. */
import type { KimiCredentialBinding } from '../credentials/credential-store';
import { plainHTTP } from '../endpoints';
import { hideSecrets } from '../errors/hide-secrets';
import { KimiDeviceLoginError, KimiInvalidArgumentError } from '../errors/kimi-error';
import type { FetchFunction } from '../transport/fetch';
import { isLoopbackHost, isPlainHTTP } from '../transport/loopback';
import { withoutTrailingSlashes } from '../transport/trailing-slashes';
import { OAUTH_HOSTS } from '../upstream';

/** How the OAuth host is reached. */
export type OAuthHost = {
  /** Does the request; already carries the identity. Never the authorised fetch. */
  fetch: FetchFunction;
  /** `https://auth.kimi.com`; plain http only for loopback, or with `allowInsecure`. */
  oauthHost: string;
  /** Takes plain http to another machine, too (docs/decisions.md#53-plain-http). @default false */
  allowInsecure?: boolean | undefined;
  /** What a login of this host is for; goes into each record that comes of it. */
  issuedFor?: KimiCredentialBinding | undefined;
  /** Clock in ms since the epoch. @default Date.now */
  now?: (() => number) | undefined;
  /** How long one POST, or all tries of a refresh together, may take, in ms. @default 30 s, as in the official client (docs/wire.md#oauth-timeout) */
  timeLimitMs?: number | undefined;
};

/**
 * The URL of an endpoint of the OAuth host. Checked again where logins are sent: not every caller has resolved its
 * settings.
 * @throws KimiInvalidArgumentError for what is no http(s) URL, and for http to another machine unless `allowInsecure`
 */
export function oauthEndpoint({ oauthHost, allowInsecure }: OAuthHost, path: string): string {
  const host = withoutTrailingSlashes(oauthHost);
  const url = URL.canParse(host) ? new URL(host) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new KimiInvalidArgumentError({
      argument: 'oauthHost',
      message: `The OAuth host must be an https URL, not ${JSON.stringify(oauthHost)}: logins are sent there.`,
    });
  }
  if (allowInsecure !== true && isPlainHTTP(url)) {
    throw plainHTTP('oauthHost', url);
  }
  return host + path;
}

/**
 * The page a person confirms the login on, once it is sure to be Kimi's: https on the domain of the OAuth host's region
 * (`kimi.com`, `kimi.ai`), on the OAuth host itself where that is the user's own (by http where that is reached so), or
 * on this machine where the OAuth host is. It is checked before it is shown or opened: what opens it may be a shell's
 * `open`, and what it shows asks for consent.
 * @param secrets what no error may show of it
 * @returns the URL, normalised: nothing in it can steer a terminal
 * @throws KimiDeviceLoginError `untrusted-url`
 */
export function checkVerificationURL(text: string, oauthHost: string, secrets: readonly string[] = []): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && url.username === '' && url.password === '' && isTrusted(url, new URL(oauthHost))) {
    return url.href;
  }
  const shown =
    url === undefined
      ? 'something that is not a URL'
      : hideSecrets(url.origin === 'null' ? `a ${url.protocol} URL` : url.origin, { secrets });
  throw new KimiDeviceLoginError({
    reason: 'untrusted-url',
    message:
      `${oauthHost} asked to open ${shown} to sign in, which is not a page of Kimi, so it was neither shown ` +
      'nor opened. ' +
      'Check KIMI_CODE_OAUTH_HOST and the "oauthHost" and "region" settings.',
  });
}

function isTrusted(url: URL, oauthHost: URL): boolean {
  if (isLoopbackHost(oauthHost.hostname)) {
    return isLoopbackHost(url.hostname)
      ? /^https?:$/.test(url.protocol)
      : isOnHttps(url, Object.values(OAUTH_HOSTS).map(domainOf));
  }
  const domains = Object.values(OAUTH_HOSTS).map(domainOf);
  const region = domains.filter(domain => isWithin(oauthHost.hostname, domain));
  return (
    isOnHttps(url, region.length > 0 ? region : domains) ||
    (/^https?:$/.test(url.protocol) && url.origin === oauthHost.origin)
  );
}

function isOnHttps(url: URL, domains: string[]): boolean {
  return url.protocol === 'https:' && url.port === '' && domains.some(domain => isWithin(url.hostname, domain));
}

function isWithin(hostname: string, domain: string): boolean {
  return hostname === domain || hostname.endsWith(`.${domain}`);
}

/** `https://auth.kimi.com` → `kimi.com` */
export function domainOf(host: string): string {
  return new URL(host).hostname.split('.').slice(-2).join('.');
}
