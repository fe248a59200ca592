import { timeSpan } from '../terminal/time-span';
import type { Check } from './check';

const TIME_LIMIT_MS = 8_000;

/**
 * From this difference on tokens are renewed too early or too late; from the second on certificates and logins fail.
 */
const SKEW_MS = { warning: 60_000, failure: 300_000 } as const;

type Probe = { host: string; reason?: string; skewMs?: number };

/**
 * Whether API and OAuth host answer at all, and how far this clock is from theirs. No credential, no identity is sent.
 */
export async function checkHosts(
  { apiBaseURL, oauthHost }: { apiBaseURL: string; oauthHost: string },
  {
    now,
    env,
    abortSignal,
  }: { now(): number; env: Readonly<Record<string, string | undefined>>; abortSignal: AbortSignal },
): Promise<Check[]> {
  const isOneHost = new URL(apiBaseURL).origin === new URL(oauthHost).origin;
  const urls = [`${apiBaseURL}/models`, ...(isOneHost ? [] : [`${oauthHost}/`])];
  const probes = await Promise.all(urls.map(url => probe(url, now, abortSignal)));
  const checks = probes.map(({ host, reason }): Check => ({
    name: 'Host',
    state: reason === undefined ? 'ok' : 'failure',
    detail: reason === undefined ? `${host} answers` : `${host} cannot be reached (${reason})`,
    fix: reason === undefined ? undefined : proxyFix(env),
  }));
  const skew = probes.find(({ skewMs }) => skewMs !== undefined)?.skewMs;
  return skew === undefined ? checks : [...checks, clock(skew)];
}

function clock(skewMs: number): Check {
  const size = Math.abs(skewMs);
  const state = size > SKEW_MS.failure ? 'failure' : size > SKEW_MS.warning ? 'warning' : 'ok';
  return state === 'ok'
    ? { name: 'Clock', state, detail: "agrees with Kimi's" }
    : {
        name: 'Clock',
        state,
        detail: `${timeSpan(size)} ${skewMs > 0 ? 'ahead of' : 'behind'} Kimi's`,
        fix: 'Set the time automatically: "sudo timedatectl set-ntp true" on Linux, the date settings elsewhere.',
      };
}

async function probe(url: string, now: () => number, abortSignal: AbortSignal): Promise<Probe> {
  const { host } = new URL(url);
  try {
    const response = await fetch(url, {
      redirect: 'manual',
      signal: AbortSignal.any([abortSignal, AbortSignal.timeout(TIME_LIMIT_MS)]),
    });
    await response.body?.cancel();
    const date = Date.parse(response.headers.get('date') ?? '');
    return Number.isNaN(date) ? { host } : { host, skewMs: now() - date };
  } catch (error) {
    abortSignal.throwIfAborted();
    return { host, reason: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  for (let current = error; current instanceof Error; current = current.cause) {
    const { code } = current as { code?: unknown };
    if (current.name === 'TimeoutError') {
      return `no answer within ${TIME_LIMIT_MS / 1000} s`;
    }
    if (typeof code === 'string') {
      return code;
    }
  }
  return 'unknown error';
}

/** Node's fetch goes past proxies unless it is told (nodejs.org, NODE_USE_ENV_PROXY, from 22.21 and 24.5 on). */
function proxyFix(env: Readonly<Record<string, string | undefined>>): string {
  const variable = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'].find(name => env[name]);
  return variable !== undefined && !env.NODE_USE_ENV_PROXY
    ? `${variable} is set, but Node does not use it by itself: set NODE_USE_ENV_PROXY=1, too (Node 22.21, 24.5 ` +
        'or newer).'
    : 'Check the network, DNS and firewall, and that KIMI_CODE_BASE_URL and KIMI_CODE_OAUTH_HOST, if set, are right.';
}
