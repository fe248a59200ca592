// An app on AI SDK 7: /v4 and /v3 fit everywhere; the root's V2 everywhere but in a registry's types
// (docs/decisions.md#2-broken-combinations).
import {
  createProviderRegistry,
  customProvider,
  generateText,
  streamText,
  uploadFile,
  wrapLanguageModel,
  type LanguageModel,
} from 'ai';
import {
  KimiError,
  KimiLoginRequiredError,
  createKimi,
  estimateCost,
  kimi,
  type CredentialStore,
  type KimiCost,
  type KimiLanguageModelOptions,
  type KimiModelId,
  type KimiProvider,
  type KimiProviderSettings,
} from 'ai-sdk-provider-kimi';
import { kimi as kimiV3 } from 'ai-sdk-provider-kimi/v3';
import { createKimi as createKimiV4, kimi as kimiV4 } from 'ai-sdk-provider-kimi/v4';
import { builtinWebSearch, webFetch, webSearch } from 'ai-sdk-provider-kimi/tools';

const models: LanguageModel[] = [kimi('kimi-for-coding'), kimiV3('k3'), kimiV4('k3'), kimiV4.chat('k3')];
const options: KimiLanguageModelOptions = {
  reasoningEffort: 'max',
  reasoningHistory: 'preserved',
  promptCacheKey: 'p',
  thinking: { keep: 'all' },
};
export const results = [
  ...models.map(model =>
    streamText({ model, prompt: 'x', providerOptions: { kimi: { ...options, thinking: { keep: 'all' } } } }),
  ),
  generateText({ model: createKimi({ specificationVersion: 'v4' })('k3'), prompt: 'x', reasoning: 'high' }),
  createProviderRegistry({ kimi: kimiV4, kimiV3, other: createKimiV4({ name: 'other' }) }),
  customProvider({ languageModels: { fast: kimiV4('k3'), two: kimi('k3') }, fallbackProvider: kimiV4 }),
  wrapLanguageModel({ model: kimiV4('k3'), middleware: [] }),
  wrapLanguageModel({ model: kimi('k3'), middleware: [] }),
];

// @ts-expect-error V2 in a registry's types: use /v4
createProviderRegistry({ kimi });

export const settings: KimiProviderSettings = {
  name: 'kimi',
  apiKey: async () => 'k',
  baseURL: 'http://127.0.0.1:1',
  service: 'platform',
  region: 'global',
  account: 'work',
  oauthHost: 'http://127.0.0.1:1',
  credentialStore: {} as CredentialStore,
  identity: { product: 'p', version: '1', platform: 'q', deviceId: 'd' },
  headers: { 'x-team': 'a' },
  fetch: globalThis.fetch,
  specificationVersion: 'v2',
  logger: console,
  prices: { k3: { input: 3, output: 15, cachedInput: 0.3, date: '2026-11-25' }, other: { input: 1, output: 2 } },
  generateId: () => 'id',
  now: () => 0,
};
// @ts-expect-error an unknown service
export const wrongService: KimiProviderSettings = { service: 'chat' };

export function readError(error: unknown): string {
  return KimiLoginRequiredError.isInstance(error) ? error.reason : KimiError.isInstance(error) ? error.code : 'other';
}
export const id: KimiModelId = 'whatever the account lists';
export const provider: KimiProvider = kimi;

export async function costs(): Promise<Array<KimiCost | undefined>> {
  const { usage, totalUsage } = await generateText({ model: kimiV4('k3'), prompt: 'x' });
  const streamed = streamText({ model: kimiV4('k3'), prompt: 'x' });
  return [
    estimateCost(usage, 'k3'),
    estimateCost(totalUsage, 'kimi-k3', { service: 'platform', prices: { 'kimi-k3': { input: 1, output: 2 } } }),
    estimateCost(await streamed.usage, 'k3'),
    estimateCost(await streamed.totalUsage, 'k3'),
  ];
}

/** The tools, with what they take and give. */
export async function search(): Promise<(string | number | undefined)[]> {
  const tools = {
    search: webSearch(kimiV4, { limit: 3 }),
    read: webFetch(kimi, { allow: url => url.protocol === 'https:' }),
    ...builtinWebSearch(),
  };
  const { toolCalls, toolResults } = await generateText({ model: kimiV4('k3'), prompt: 'x', tools });
  const asked = toolCalls.map(call => (call.dynamic || call.toolName !== 'search' ? undefined : call.input.query));
  const given = toolResults.map(result => {
    if (result.dynamic) {
      return undefined;
    }
    switch (result.toolName) {
      case 'search':
        return result.output.results[0]?.url;
      case 'read':
        return result.output.text;
      case '$web_search':
        return result.output.usage?.total_tokens;
    }
  });
  // @ts-expect-error a field that no page has
  toolResults.map(result => (result.dynamic || result.toolName !== 'read' ? '' : result.output.html));
  return [...asked, ...given];
}

export async function account(): Promise<string> {
  const { weekly, membership } = await kimiV4.usage({ abortSignal: AbortSignal.timeout(1000) });
  const used: number | undefined = weekly?.usedRatio;
  const fresh: Date | undefined = weekly?.resetsAt;
  // @ts-expect-error what is not known is undefined, so it is asked first
  const width: number = weekly?.usedRatio;
  const platform = createKimiV4({
    service: 'platform',
    onUsage: report =>
      void [report.tokens?.inputTokens.total, report.rateLimits?.requests?.remaining, report.error?.code],
  });
  const { available, currency } = await platform.balance();
  return [used, fresh?.toISOString(), width, membership?.name, available?.toFixed(2), currency].join();
}

export async function uploads(): Promise<string> {
  const { reference } = await kimiV4.files.upload({ stream: new Blob([]).stream(), mediaType: 'video/mp4' });
  const { providerReference, mediaType = 'video/mp4' } = await uploadFile({ api: kimiV4, data: new Uint8Array() });
  await uploadFile({ api: kimiV4.files(), data: 'AAAA' });
  const content = [
    { type: 'file' as const, mediaType, data: { type: 'reference' as const, reference: providerReference } },
  ];
  await generateText({ model: kimiV4('k3'), messages: [{ role: 'user', content }] });
  return reference;
}
