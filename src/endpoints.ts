import { BASE_URL_VARIABLES } from './transport/base-url-variables';
import { withoutTrailingSlashes } from './transport/trailing-slashes';
import { KimiInvalidArgumentError } from './errors/kimi-error';
import { isPlainHTTP } from './transport/loopback';
import { API_BASE_URLS, DEFAULT_REGIONS, OAUTH_HOSTS, type KimiRegion, type KimiService } from './upstream';

/**
 * Environment variables as the runtime gives them; a variable set to the empty string counts as unset
 * (docs/decisions.md#7-settings-to-urls).
 */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where requests go. */
export type KimiEndpoints = {
  service: KimiService;
  region: KimiRegion;
  /** Without trailing slash, with the version segment: `https://api.kimi.com/coding/v1`. */
  apiBaseURL: string;
  /** Without trailing slash: `https://auth.kimi.com`. */
  oauthHost: string;
};

/** The settings and variables that {@link resolveEndpoints} looks at. */
export type EndpointSettings = {
  service?: KimiService | undefined;
  region?: KimiRegion | undefined;
  baseURL?: string | undefined;
  oauthHost?: string | undefined;
  /** Takes plain http to another machine, too. */
  allowInsecure?: boolean | undefined;
};

/**
 * Settings, environment and region to URLs (docs/decisions.md#7-settings-to-urls). The first that is set wins: coding
 * API: `baseURL`, `KIMI_CODE_BASE_URL`, region. Platform API: `baseURL`, `MOONSHOT_BASE_URL`, region, never the coding
 * variables. OAuth: `oauthHost`, `KIMI_CODE_OAUTH_HOST`, `KIMI_OAUTH_HOST`, region.
 * @throws KimiInvalidArgumentError for a URL, service or region that cannot work, and for plain http to another machine
 *   unless `allowInsecure` (docs/decisions.md#53-plain-http)
 */
export function resolveEndpoints(settings: EndpointSettings, environment: Environment): KimiEndpoints {
  const service = oneOf('service', settings.service, Object.keys(API_BASE_URLS) as KimiService[]) ?? 'coding';
  const region = oneOf('region', settings.region, Object.keys(OAUTH_HOSTS) as KimiRegion[]) ?? DEFAULT_REGIONS[service];

  const variable = BASE_URL_VARIABLES[service];
  const urlOf = (argument: string, value: unknown) => {
    const url = parseURL(argument, value);
    return url === undefined ? undefined : normalizeURL(checkTransport(argument, url, settings.allowInsecure));
  };

  const apiBaseURL =
    urlOf('baseURL', settings.baseURL) ?? urlOf(variable, environment[variable]) ?? API_BASE_URLS[service][region];

  const oauthHost =
    urlOf('oauthHost', settings.oauthHost) ??
    urlOf('KIMI_CODE_OAUTH_HOST', environment.KIMI_CODE_OAUTH_HOST) ??
    urlOf('KIMI_OAUTH_HOST', environment.KIMI_OAUTH_HOST) ??
    OAUTH_HOSTS[region];

  return { service, region, apiBaseURL: withVersionSegment(apiBaseURL), oauthHost };
}

/**
 * Whether a URL is on one of a service's own hosts, or of those that the settings name for it. Made once for a place:
 * it is asked at each request, and most of them go to the API.
 */
export function knownHosts({ service, apiBaseURL, oauthHost }: KimiEndpoints): (url: string) => boolean {
  const hosts = [apiBaseURL, oauthHost, ...Object.values(API_BASE_URLS[service]), ...Object.values(OAUTH_HOSTS)];
  const origins = new Set(hosts.map(url => new URL(url).origin));
  const api = `${new URL(apiBaseURL).origin}/`;
  return url => url.startsWith(api) || origins.has(new URL(url).origin);
}

function oneOf<T extends string>(argument: string, value: T | undefined, allowed: T[]): T | undefined {
  if (value === undefined || allowed.includes(value)) {
    return value;
  }
  throw new KimiInvalidArgumentError({
    argument,
    message:
      `The setting "${argument}" must be one of ${allowed.map(name => `'${name}'`).join(', ')}, not ` +
      `${JSON.stringify(value)}.`,
  });
}

function parseURL(argument: string, value: unknown): URL | undefined {
  const trimmed = typeof value === 'string' ? value.trim() : value;
  if (trimmed === undefined || trimmed === '') {
    return undefined;
  }
  const url = typeof trimmed === 'string' && URL.canParse(trimmed) ? new URL(trimmed) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new KimiInvalidArgumentError({
      argument,
      message:
        `"${argument}" must be an http(s) URL without user name or password, for example ` +
        `"${API_BASE_URLS.coding['mainland-cn']}".`,
    });
  }
  return url;
}

function checkTransport(argument: string, url: URL, allowInsecure: boolean | undefined): URL {
  if (allowInsecure !== true && isPlainHTTP(url)) {
    throw plainHTTP(argument, url);
  }
  return url;
}

/** For http to another machine; the fix is in it. */
export function plainHTTP(argument: string, { origin }: URL): KimiInvalidArgumentError {
  return new KimiInvalidArgumentError({
    argument,
    message:
      `"${argument}" is plain http to another machine (${origin}): whoever is on the way could read your credential ` +
      'and your prompts. Use https. In a network of your own, such as that of Docker, set allowInsecure: true in ' +
      'createKimi(), or run the command with --allow-insecure.',
  });
}

function normalizeURL({ origin, pathname }: URL): string {
  return withoutTrailingSlashes(`${origin}${pathname}`);
}

function withVersionSegment(baseURL: string): string {
  return /^v\d[a-z0-9]*$/i.test(baseURL.slice(baseURL.lastIndexOf('/') + 1)) ? baseURL : `${baseURL}/v1`;
}
