// An app on AI SDK 5: the root entry and /v2 fit everywhere; /v3 and /v4 are refused.
import {
  createProviderRegistry,
  customProvider,
  generateText,
  streamText,
  wrapLanguageModel,
  type LanguageModel,
} from 'ai-v5';
import { create, createKimi, estimateCost, kimi, type KimiCost } from 'ai-sdk-provider-kimi';
import { kimi as kimiV2 } from 'ai-sdk-provider-kimi/v2';
import { kimi as kimiV3 } from 'ai-sdk-provider-kimi/v3';
import { kimi as kimiV4 } from 'ai-sdk-provider-kimi/v4';
import { builtinWebSearch, webFetch, webSearch } from 'ai-sdk-provider-kimi/tools';

const models: LanguageModel[] = [
  kimi('kimi-for-coding'),
  kimiV2('k3'),
  kimi.languageModel('kimi-for-coding'),
  kimi.chat('any-other-id'),
];
export const results = [
  ...models.map(model => streamText({ model, prompt: 'x' })),
  generateText({ model: createKimi({ apiKey: 'k', specificationVersion: 'v2' })('k3'), prompt: 'x' }),
  createProviderRegistry({ kimi, kimiV2 }),
  customProvider({ languageModels: { fast: kimi('k3') }, fallbackProvider: kimi }),
  wrapLanguageModel({ model: kimi('k3'), middleware: [] }),
];

// @ts-expect-error V3 models are for AI SDK 6 and 7
streamText({ model: kimiV3('k3'), prompt: 'x' });
// @ts-expect-error V4 models are for AI SDK 7
streamText({ model: kimiV4('k3'), prompt: 'x' });
// @ts-expect-error `create` is for opencode and always V3
streamText({ model: create()('k3'), prompt: 'x' });

export async function costs(): Promise<Array<KimiCost | undefined>> {
  const { usage, totalUsage } = await generateText({ model: kimi('k3'), prompt: 'x' });
  const streamed = streamText({ model: kimi('k3'), prompt: 'x' });
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
    search: webSearch(kimi, { limit: 3 }),
    read: webFetch(kimi, { allow: url => url.protocol === 'https:' }),
    ...builtinWebSearch(),
  };
  const { toolCalls, toolResults } = await generateText({ model: kimi('k3'), prompt: 'x', tools });
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

export async function uploads(): Promise<string> {
  // @ts-expect-error one source at a time
  await kimi.files.upload({ path: 'a.mp4', data: new Uint8Array() });
  // @ts-expect-error a source is needed
  await kimi.files.upload({ mediaType: 'video/mp4' });
  const { reference, mediaType } = await kimiV2.files.upload({ path: 'a.mp4', onProgress: ({ bytes }) => bytes });
  const content = [{ type: 'file' as const, mediaType, data: new URL(reference) }];
  await generateText({ model: kimiV2('k3'), messages: [{ role: 'user', content }] });
  return reference;
}
