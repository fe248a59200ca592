/** What `doctor` asks Kimi: whether the hosts answer, whether the login is accepted, whether it may chat. */
import { ACCOUNT_TIME_LIMIT_MS } from '../../api/request-json';
import { KimiAPIError } from '../../errors/kimi-api-error';
import { IDENTITY_WORDS, type IdentityWord } from '../../identity/identity';
import type { KimiAuth, KimiAuthStatus } from '../../provider/kimi-auth';
import type { KimiProviderV4 } from '../../provider/kimi-provider-v4';
import { BASE_URL_VARIABLES } from '../../transport/base-url-variables';
import type { CommandContext } from '../command';
import { describeFailure, EXIT_CODES, networkReason } from '../failures';
import { requestModels } from '../request-models';
import { shortenHome, timeSpan } from '../wording';
import type { Check } from './machine-checks';
import { anySignal } from '../../transport/any-signal';

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
  { now, environment, abortSignal }: Pick<CommandContext, 'now' | 'environment' | 'abortSignal'>,
): Promise<Check[]> {
  const isOneHost = new URL(apiBaseURL).origin === new URL(oauthHost).origin;
  const urls = [`${apiBaseURL}/models`, ...(isOneHost ? [] : [`${oauthHost}/`])];
  const probes = await Promise.all(urls.map(url => probe(url, now, abortSignal)));
  const checks = probes.map(({ host, reason }): Check => ({
    name: 'Host',
    state: reason === undefined ? 'ok' : 'failure',
    detail: reason === undefined ? `${host} answers` : `${host} cannot be reached (${reason})`,
    fix: reason === undefined ? undefined : proxyFix(environment),
    exitCode: reason === undefined ? undefined : EXIT_CODES.unavailable,
  }));
  const skew = probes.find(({ skewMs }) => skewMs !== undefined)?.skewMs;
  return [
    ...checks,
    skew === undefined ? { name: 'Clock', state: 'skipped', detail: 'no host said what time it is' } : clock(skew),
  ];
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
      signal: anySignal(abortSignal, AbortSignal.timeout(ACCOUNT_TIME_LIMIT_MS)),
    });
    await response.body?.cancel();
    const date = Date.parse(response.headers.get('date') ?? '');
    return Number.isNaN(date) ? { host } : { host, skewMs: now() - date };
  } catch (error) {
    abortSignal.throwIfAborted();
    return { host, reason: networkReason(error) };
  }
}

/** Node's fetch goes past proxies unless it is told (nodejs.org, NODE_USE_ENV_PROXY, from 22.21 and 24.5 on). */
function proxyFix(environment: CommandContext['environment']): string {
  const variable = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'].find(name => environment[name]);
  return variable !== undefined && !environment.NODE_USE_ENV_PROXY
    ? `${variable} is set, but Node does not use it by itself: set NODE_USE_ENV_PROXY=1, too (Node 22.21, 24.5 ` +
        'or newer).'
    : `Check the network, DNS and firewall, and that ${Object.values(BASE_URL_VARIABLES).join(', ')} and ` +
        'KIMI_CODE_OAUTH_HOST, if set, are right.';
}

/** Where the login is, and whether Kimi accepts it: renewed if it is due, then tried on the list of models. */
export async function checkSignIn(
  auth: KimiAuth,
  {
    loginCommand,
    remedy,
    isOnline,
    abortSignal,
  }: { loginCommand: string; remedy: string | undefined; isOnline: boolean; abortSignal: AbortSignal },
): Promise<Check[]> {
  const fix = `Run: ${loginCommand}`;
  try {
    const status = await auth.status();
    const isSignedIn = status.state === 'valid' || status.state === 'due';
    const place: Check = {
      name: 'Sign-in',
      state: isSignedIn ? 'ok' : 'failure',
      detail: `${whatIsThere(status)} in ${shortenHome(status.source)}, account "${status.account}"`,
      fix: isSignedIn ? undefined : fix,
      exitCode: isSignedIn ? undefined : EXIT_CODES.loginRequired,
    };
    const name = status.kind === 'api-key' ? 'Key' : 'Token';
    return isSignedIn && isOnline
      ? [place, await tryToken(auth, status, remedy ?? fix, abortSignal)]
      : [place, { name, state: 'skipped', detail: isSignedIn ? 'needs its host' : 'needs a sign-in' }];
  } catch (error) {
    abortSignal.throwIfAborted();
    // The message of a store says what to do.
    return [{ name: 'Sign-in', state: 'failure', detail: describeFailure(error).message }];
  }
}

function whatIsThere({ state, kind }: KimiAuthStatus): string {
  return state === 'missing'
    ? 'none'
    : state === 'revoked'
      ? 'a login that has ended'
      : kind === 'oauth'
        ? 'a login'
        : 'a key';
}

async function tryToken(auth: KimiAuth, status: KimiAuthStatus, fix: string, abortSignal: AbortSignal): Promise<Check> {
  const name = status.kind === 'oauth' ? 'Token' : 'Key';
  try {
    const secret = await auth.getAccessToken({ abortSignal });
    const models = await requestModels(
      status,
      { fetch: auth.fetch, source: shortenHome(status.source), secret, remedy: fix },
      abortSignal,
    );
    return { name, state: 'ok', detail: `accepted; ${models.length} models` };
  } catch (error) {
    abortSignal.throwIfAborted();
    const { message, exitCode } = describeFailure(error);
    return { name, state: 'failure', detail: message, exitCode };
  }
}

/** Whether Kimi lets this client chat: one short question, which counts against the plan. */
export async function checkChat(kimi: KimiProviderV4, modelId: string, abortSignal: AbortSignal): Promise<Check> {
  const name = 'Chat';
  try {
    return (await isAnswered(kimi, modelId, abortSignal))
      ? { name, state: 'ok', detail: `${modelId} answers` }
      : { name, state: 'failure', detail: `${modelId} gave an empty answer`, fix: 'Try again, or another model.' };
  } catch (error) {
    abortSignal.throwIfAborted();
    // The message says what to do.
    const { message, exitCode } = describeFailure(error);
    return { name, state: 'failure', detail: message, exitCode };
  }
}

/**
 * Which of the three identities this account's server lets chat: the same question with each
 * (docs/decisions.md#37-other-identities). It only tells; what is sent stays as it is set.
 */
export async function checkIdentities(
  open: (identity: IdentityWord) => Promise<KimiProviderV4>,
  used: string,
  abortSignal: AbortSignal,
): Promise<Check> {
  const said: string[] = [];
  for (const word of IDENTITY_WORDS) {
    const kimi = await open(word);
    const tried = word === used ? `${word} (in use)` : word;
    // An official client's login goes with that client's identity.
    if ((await kimi.auth.status()).identity !== word) {
      said.push(`${tried}: not with this login`);
      continue;
    }
    try {
      said.push(`${tried}: ${(await isAnswered(kimi, 'kimi-for-coding', abortSignal)) ? 'accepted' : 'empty answer'}`);
    } catch (error) {
      abortSignal.throwIfAborted();
      const isRefused = KimiAPIError.isInstance(error) && error.code === 'KIMI_IDENTITY_REFUSED';
      said.push(
        `${tried}: ${isRefused ? 'refused' : `not known (${KimiAPIError.isInstance(error) ? error.code : 'failed'})`}`,
      );
    }
  }
  return { name: 'Identity', state: 'ok', detail: said.join(', ') };
}

async function isAnswered(kimi: KimiProviderV4, modelId: string, abortSignal: AbortSignal): Promise<boolean> {
  const { stream } = await kimi(modelId).doStream({
    prompt: [{ role: 'user', content: [{ type: 'text', text: 'Answer with the word ok.' }] }],
    providerOptions: { kimi: { reasoningEffort: 'off' } },
    abortSignal,
  });
  let hasText = false;
  for await (const part of stream as typeof stream & AsyncIterable<{ type: string; error?: unknown }>) {
    if (part.type === 'error') {
      throw part.error;
    }
    hasText ||= part.type === 'text-delta' || part.type === 'reasoning-delta';
  }
  return hasText;
}
