/** The provider that pi registers: its words on one side, the provider of this package on the other. */
import { KimiLoginRequiredError } from '../errors/kimi-error';
import type { Environment } from '../endpoints';
import { readRegionMarker } from '#platform';
import { API_BASE_URLS, KEY_CONSOLE_URLS, OAUTH_HOSTS, type KimiRegion } from '../upstream';
import { observed } from './observed-fetch';
import type { PiAccount, PiAccounts, PiSource } from './pi-accounts';
import type {
  PiAI,
  PiAuth,
  PiCredential,
  PiEventStream,
  PiInteraction,
  PiMessage,
  PiModel,
  PiOAuth,
  PiProvider,
  PiRefreshContext,
  PiStreamOptions,
} from './pi-api';
import { SIGN_IN } from './pi-failure';
import { ALIAS, bundledModels, engineModelId, outputCap, piModels, PROVIDER_ID } from './pi-models';
import { promptOf, toolsOf } from './pi-prompt';
import { PiAnswer } from './pi-stream';

export type PiProviderOptions = {
  accounts: PiAccounts;
  piAI: PiAI;
  environment: () => Environment;
  /** Told what no request fails for, but a person should know. */
  warn: (message: string) => void;
  now: () => number;
  /** Told of the model that a plan is for, when somebody has signed in. */
  signedIn: (model: PiModel) => Promise<void>;
};

export function piProvider(options: PiProviderOptions): PiProvider {
  const catalog = new Catalog(options);
  const stream: PiProvider['streamSimple'] = (model, context, streamOptions = {}) =>
    streamAnswer(options, catalog, model, context.messages, streamOptions);
  return {
    id: PROVIDER_ID,
    name: 'Kimi Code',
    baseUrl: catalog.baseUrl,
    auth: auth(options, () => (catalog.hasNewLogin = true)),
    getModels: () => catalog.models,
    refreshModels: context => catalog.refresh(context),
    stream,
    streamSimple: stream,
  };
}

/** Says the region of a key, which pi keeps beside it. */
const BASE_URL = 'KIMI_CODE_BASE_URL';

/** The models that pi lists: the bundled ones, then the account's, which pi keeps for the next start. */
class Catalog {
  readonly baseUrl: string;
  models: readonly PiModel[];
  /** Somebody has signed in, and pi has not listed the models since. */
  hasNewLogin = false;
  private readonly options: PiProviderOptions;

  constructor(options: PiProviderOptions) {
    this.options = options;
    this.baseUrl = options.environment().KIMI_CODE_BASE_URL || API_BASE_URLS.coding['mainland-cn'];
    this.models = bundledModels(this.baseUrl);
  }

  async refresh(context: PiRefreshContext): Promise<void> {
    const { stored, allowNetwork, publish, signal } = context;
    const kept = stored?.models.filter(model => model.provider === PROVIDER_ID) ?? [];
    if (!allowNetwork) {
      if (kept.length > 0) {
        await publish({ update: () => (this.models = kept.map(model => ({ ...model, baseUrl: this.baseUrl }))) });
      }
      return;
    }
    const { credential } = context;
    const baseURL = credential?.type === 'api_key' ? credential.env?.[BASE_URL] : undefined;
    const account = await this.options.accounts.account(this.sourceOf(credential), baseURL);
    const listed = await account.kimi.models().catch((error: unknown) => {
      this.options.warn(
        `Kimi does not list its models, so those that are known already are shown. ${messageOf(error)}`,
      );
      throw error;
    });
    account.listed = listed;
    const models = piModels(listed, this.baseUrl);
    if (!signal.aborted) {
      await publish({
        persist: { models, checkedAt: this.options.now() },
        update: () => (this.models = models),
      });
      this.tellOfLogin();
    }
  }

  private tellOfLogin(): void {
    const model = this.models.find(({ id }) => id === ALIAS);
    if (this.hasNewLogin && model !== undefined) {
      this.hasNewLogin = false;
      void this.options.signedIn(model).catch((error: unknown) => this.options.warn(messageOf(error)));
    }
  }

  private sourceOf(credential: PiCredential | undefined): PiSource {
    return credential?.type === 'oauth'
      ? { kind: 'login', access: credential.access, login: credential }
      : this.options.accounts.sourceOf(credential?.key);
  }
}

function auth({ accounts, environment }: PiProviderOptions, onLogin: () => void): PiAuth {
  return {
    apiKey: {
      name: 'Kimi Code key',
      async login(interaction) {
        const region = await regionOf(environment(), interaction);
        const console = KEY_CONSOLE_URLS.coding[region ?? 'mainland-cn'];
        const key = await interaction.prompt({ type: 'secret', message: `Key from ${console}` });
        const env = region === undefined ? {} : { env: { [BASE_URL]: API_BASE_URLS.coding[region] } };
        onLogin();
        return { type: 'api_key', key: key.trim(), ...env };
      },
      async check({ credential }) {
        if (credential?.key) {
          return { type: 'api_key', source: 'stored key' };
        }
        const found = await accounts.onMachine().catch((error: unknown) => ({
          // It is there and cannot be used; the first request says why.
          source: messageOf(error),
          kind: 'api-key' as const,
        }));
        return found && { type: found.kind === 'oauth' ? 'oauth' : 'api_key', source: found.source };
      },
      async resolve({ credential }) {
        if (credential?.key) {
          const env = credential.env === undefined ? {} : { env: credential.env };
          return { auth: { apiKey: credential.key }, ...env, source: 'stored key' };
        }
        const found = await accounts.onMachine();
        return found && { auth: {}, source: found.source };
      },
    },
    oauth: {
      name: 'Kimi Code (subscription)',
      isSubscription: true,
      loginLabel: 'Sign in with Kimi Code',
      async login(interaction) {
        const credential = await login(accounts, environment(), interaction);
        onLogin();
        return credential;
      },
      refresh: (credential, signal) => accounts.refresh(credential, signal),
      async toAuth(credential) {
        if (credential.access === '') {
          throw new KimiLoginRequiredError({
            reason: 'revoked',
            source: "pi's auth.json",
            message: `The Kimi login of pi has ended: the sign-in host does not take it any more. Sign in: ${SIGN_IN}`,
          });
        }
        accounts.give(credential);
        return { apiKey: credential.access };
      },
    },
  };
}

const REGIONS: ReadonlyArray<{ id: KimiRegion; label: string }> = [
  { id: 'mainland-cn', label: 'kimi.com (mainland China)' },
  { id: 'global', label: 'kimi.ai (everywhere else)' },
];

async function login(accounts: PiAccounts, environment: Environment, interaction: PiInteraction): Promise<PiOAuth> {
  const { signal } = interaction;
  const region = await regionOf(environment, interaction);
  if (region !== undefined) {
    interaction.notify({ type: 'progress', message: `Asking ${new URL(OAUTH_HOSTS[region]).host} for a code` });
  }
  return accounts.login(region, {
    abortSignal: signal,
    onVerification: ({ userCode, verificationUriComplete, interval, expiresIn }) =>
      interaction.notify({
        type: 'device_code',
        userCode,
        verificationUri: verificationUriComplete,
        intervalSeconds: interval,
        expiresInSeconds: expiresIn,
      }),
  });
}

/** Whoever has set the hosts is not asked. What the official installer noted stands first, which Enter takes. */
async function regionOf(environment: Environment, { prompt }: PiInteraction): Promise<KimiRegion | undefined> {
  if (environment.KIMI_CODE_OAUTH_HOST || environment.KIMI_OAUTH_HOST || environment[BASE_URL]) {
    return undefined;
  }
  const noted = await readRegionMarker(environment);
  const answer = await prompt({
    type: 'select',
    message: 'Where is your Kimi account?',
    options: REGIONS.toSorted((one, other) => Number(other.id === noted) - Number(one.id === noted)),
  });
  return answer as KimiRegion;
}

function streamAnswer(
  options: PiProviderOptions,
  catalog: Catalog,
  model: PiModel,
  messages: readonly PiMessage[],
  streamOptions: PiStreamOptions,
): PiEventStream {
  const { piAI } = options;
  const always = model.thinkingLevelMap?.off === null;
  // pi says nothing for "off"; a model that always thinks decides for itself then.
  const level = streamOptions.reasoning ?? (always || !model.reasoning ? undefined : 'off');
  const answer = new PiAnswer({ model, piAI, now: options.now(), level });
  const { signal } = streamOptions;
  const run = async (): Promise<void> => {
    const baseURL = model.baseUrl === catalog.baseUrl ? streamOptions.env?.[BASE_URL] : model.baseUrl;
    const account = await options.accounts.account(options.accounts.sourceOf(streamOptions.apiKey), baseURL);
    await observed({ model, options: streamOptions }, () =>
      readAnswer({ account, model, messages, streamOptions, level, answer, piAI }),
    );
  };
  run().catch((error: unknown) => answer.fail(error, signal?.aborted === true));
  return answer.stream;
}

type Call = {
  account: PiAccount;
  model: PiModel;
  messages: readonly PiMessage[];
  streamOptions: PiStreamOptions;
  level: string | undefined;
  answer: PiAnswer;
  piAI: PiAI;
};

async function readAnswer({ account, model, messages, streamOptions, level, answer, piAI }: Call): Promise<void> {
  const { signal, sessionId, cacheRetention, onProviderStreamEvent, toolChoice, temperature } = streamOptions;
  const tools = toolsOf(piAI.getCurrentTools(messages));
  const maxOutputTokens =
    streamOptions.maxTokens ?? (model.maxTokens === outputCap(model.id) ? undefined : model.maxTokens);
  const hasCacheKey = sessionId !== undefined && cacheRetention !== 'none';
  const { stream } = await account.kimi(engineModelId(model.id, account.listed)).doStream({
    prompt: promptOf(messages, { acceptsImages: model.input.includes('image'), piAI }),
    ...(tools.length === 0 ? {} : { tools }),
    ...(tools.length === 0 || toolChoice === undefined ? {} : { toolChoice: { type: toolChoice } }),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(signal === undefined ? {} : { abortSignal: signal }),
    headers: headersOf(streamOptions.headers),
    includeRawChunks: onProviderStreamEvent !== undefined,
    providerOptions: {
      kimi: {
        ...(level === undefined ? {} : { reasoningEffort: level }),
        ...(hasCacheKey ? { promptCacheKey: sessionId } : {}),
      },
    },
  });
  answer.start();
  for await (const part of stream) {
    if (part.type === 'raw') {
      await onProviderStreamEvent?.(part.rawValue, model);
    } else if (answer.take(part)) {
      return;
    }
  }
  throw new Error('The answer of Kimi ended without its end.');
}

function headersOf(headers: PiStreamOptions['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers ?? {}).flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
