import type { CredentialStore } from '../credentials/credential-store';
import { KimiInvalidArgumentError } from '../errors/kimi-error';
import type { OnUsage } from '../engine/usage-report';
import { checkLogger, type KimiLogger } from '../log/log';
import { type KimiIdentity, parseIdentity } from '../identity/identity';
import { checkPrices, type KimiPrices } from '../models/estimate-cost';
import type { KimiProtocol } from '../models/model-info';
import { checkHeaders } from '../transport/headers';
import { wrongLimit, type KimiLimits } from '../transport/limits';
import type { FetchFunction } from '../transport/fetch';
import type { KimiRegion, KimiService } from '../upstream';

/** Settings of `createKimi`. Every one is optional; unknown ones are ignored, because hosts pass their own. */
export type KimiProviderSettings = {
  /**
   * Name of the provider: the first part of a model's `provider` string and a `providerOptions` key beside `kimi`.
   * @default 'kimi'
   */
  name?: string | undefined;

  /**
   * An API key, or a function that gives one at each request. Beats every other credential. Default: the
   * `credentialStore`, else the environment (`KIMI_API_KEY`, `KIMI_CODER_API_KEY`; `MOONSHOT_API_KEY` with `service:
   * 'platform'`), else the saved login.
   */
  apiKey?: string | (() => string | Promise<string>) | undefined;

  /**
   * API base URL. Default: `KIMI_CODE_BASE_URL`, of the platform `MOONSHOT_BASE_URL`, else by `service` and `region`. A
   * missing `/v1` is added.
   */
  baseURL?: string | undefined;

  /**
   * `coding`: the Kimi Code subscription. `platform`: the pay-per-token Moonshot open platform.
   * @default 'coding'
   */
  service?: KimiService | undefined;

  /** Where the account lives. Default: `mainland-cn` (kimi.com) for coding, `global` (moonshot.ai) for the platform. */
  region?: KimiRegion | undefined;

  /**
   * Wire that calls go by: `chat` (chat completions), `messages` (Anthropic's), or `auto`, the one that the account's
   * list names for the model, else `chat`. Or an object of such words by model id, `auto` for the others. The results
   * are the same, but for what docs/wires.md lists.
   * @default 'auto'
   */
  protocol?: KimiProtocol | Readonly<Record<string, KimiProtocol>> | undefined;

  /** Which of several saved logins to use. Default: `KIMI_ACCOUNT`, else `default`. */
  account?: string | undefined;

  /** OAuth host. Default: `KIMI_CODE_OAUTH_HOST`, `KIMI_OAUTH_HOST`, else by `region`. */
  oauthHost?: string | undefined;

  /**
   * Takes plain http to another machine as `baseURL`, `oauthHost` or in their variables, where whoever is on the way
   * reads credential and prompts: for networks of your own, such as `http://host.docker.internal`. This machine's own
   * addresses (`localhost`, `127.0.0.1`, `[::1]`) need it not.
   * @default false
   */
  allowInsecure?: boolean | undefined;

  /**
   * `auto`: uploads the videos and the images above 1 MiB of prompts, once for each content, and sends `ms://`
   * references in their place; the files stay with the account. `never`: sends all media inline. A call may say another
   * by `providerOptions.kimi.uploadMedia`.
   * @default 'never'
   */
  uploadMedia?: 'auto' | 'never' | undefined;

  /**
   * Takes uploads by `url` from this machine and from private networks, too, which whoever chooses the URL could have
   * read to the model.
   * @default false
   */
  allowPrivateAddresses?: boolean | undefined;

  /** Where the login is kept. Default: chosen automatically when the first request is made. */
  credentialStore?: CredentialStore | undefined;

  /**
   * Who requests say they come from: the header set of an official client, or your own product, version and platform.
   * Not sent to the platform service unless set. @default 'kimi-cli'
   */
  identity?: KimiIdentity | undefined;

  /** Headers added to each request. They cannot replace the identity or the authorization. */
  headers?: Record<string, string | undefined> | undefined;

  /** Your own `fetch`, for proxies, logging and tests. @default globalThis.fetch */
  fetch?: FetchFunction | undefined;

  /** How much and how long a chat may wait for its answer. What is left out has its default. */
  limits?: KimiLimits | undefined;

  /**
   * Prices by model id, for `providerMetadata.kimi.cost`: instead of the bundled list prices, which count for the other
   * models.
   */
  prices?: KimiPrices | undefined;

  /**
   * Where this provider tells of its work: `console`, pino, winston, consola, or anything with `debug`, `info`, `warn`
   * and `error`. Told are the source of the credential, each request (method, address, names of headers, identity),
   * the status, ids and timings of its answer, what is read from and written to the store, renewals, retries, the names
   * of the rules that changed the body, and warnings; never a credential, a prompt or an answer. `KIMI_DEBUG=1` prints
   * the same on stderr. @default none
   */
  logger?: KimiLogger | undefined;

  /**
   * Called once for each chat that was answered, at the end of a good answer or at a refusal, with what the answer
   * tells of use: tokens, rate limits of its headers, what is used up until when. Nothing waits for it, and what it
   * throws changes nothing. A stream that nobody reads to its end tells nothing. @default none
   */
  onUsage?: OnUsage | undefined;

  /**
   * Language model specification that the root entry's `createKimi` gives out; the entries `/v2`, `/v3`, `/v4` and
   * `create` have a fixed one.
   * @default 'v2'
   */
  specificationVersion?: 'v2' | 'v3' | 'v4' | undefined;

  /** Makes the ids of tool calls that the server sent without one. */
  generateId?: (() => string) | undefined;

  /** Clock in milliseconds since the epoch. @default Date.now */
  now?: (() => number) | undefined;
};

/**
 * Throws for settings that would fail deep inside the runtime, with an error that names none. At requests, never at
 * construction.
 * @throws KimiInvalidArgumentError
 */
export function checkSettings({
  allowPrivateAddresses,
  fetch,
  headers,
  identity,
  limits,
  logger,
  onUsage,
  prices,
  protocol,
  uploadMedia,
}: KimiProviderSettings): void {
  if (fetch !== undefined && typeof fetch !== 'function') {
    const given = fetch === null ? 'null' : `a value of type ${typeof fetch}`;
    throw new KimiInvalidArgumentError({
      argument: 'fetch',
      message: `The setting "fetch" must be a function like the global fetch, not ${given}.`,
    });
  }
  if (onUsage !== undefined && typeof onUsage !== 'function') {
    throw new KimiInvalidArgumentError({ argument: 'onUsage', message: 'The setting "onUsage" must be a function.' });
  }
  checkHeaders(headers);
  checkLogger(logger);
  assertLimits(limits);
  checkPrices(prices);
  assertProtocol(protocol);
  if (uploadMedia !== undefined && uploadMedia !== 'auto' && uploadMedia !== 'never') {
    throw new KimiInvalidArgumentError({
      argument: 'uploadMedia',
      message: "The setting \"uploadMedia\" must be 'auto' or 'never'.",
    });
  }
  if (allowPrivateAddresses !== undefined && typeof allowPrivateAddresses !== 'boolean') {
    throw new KimiInvalidArgumentError({
      argument: 'allowPrivateAddresses',
      message: 'The setting "allowPrivateAddresses" must be true or false.',
    });
  }
  if (identity !== undefined) {
    parseIdentity(identity);
  }
}

const PROTOCOLS: readonly unknown[] = ['auto', 'chat', 'messages'] satisfies KimiProtocol[];

/** The wire that the settings name for a model. */
export function protocolFor(modelId: string, protocol: KimiProviderSettings['protocol']): KimiProtocol {
  return typeof protocol === 'object' ? (own(protocol, modelId) ?? 'auto') : (protocol ?? 'auto');
}

function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function assertProtocol(protocol: KimiProviderSettings['protocol'] | null): void {
  const isByModel = typeof protocol === 'object' && protocol !== null && !Array.isArray(protocol);
  const entries = isByModel ? Object.entries(protocol) : [['', protocol ?? 'auto']];
  const wrong = protocol === null ? ['', null] : entries.find(([, word]) => !PROTOCOLS.includes(word));
  if (wrong !== undefined) {
    const argument = wrong[0] === '' ? 'protocol' : `protocol.${String(wrong[0])}`;
    throw new KimiInvalidArgumentError({
      argument,
      message:
        `The setting "${argument}" must be 'auto', 'chat' or 'messages'` +
        `${isByModel ? '' : ', or an object of these by model id'}.`,
    });
  }
}

function assertLimits(limits: KimiLimits | undefined): void {
  const isNone = limits !== undefined && (typeof limits !== 'object' || limits === null);
  const wrong = isNone
    ? { name: undefined, must: 'an object of numbers' }
    : limits === undefined
      ? undefined
      : wrongLimit(limits);
  if (wrong !== undefined) {
    const argument = wrong.name === undefined ? 'limits' : `limits.${wrong.name}`;
    throw new KimiInvalidArgumentError({ argument, message: `The setting "${argument}" must be ${wrong.must}.` });
  }
}
