// An app on AI SDK 6: /v3 fits everywhere; the root's V2 fits only where a model is called directly
// (docs/decisions.md#2-broken-combinations).
import {
  createProviderRegistry,
  customProvider,
  generateText,
  streamText,
  wrapLanguageModel,
  type LanguageModel,
} from 'ai-v6';
import { create, createKimi, estimateCost, kimi, type KimiCost } from 'ai-sdk-provider-kimi';
import { createKimi as createKimiV3, kimi as kimiV3 } from 'ai-sdk-provider-kimi/v3';
import { kimi as kimiV4 } from 'ai-sdk-provider-kimi/v4';
import { builtinWebSearch, webFetch, webSearch } from 'ai-sdk-provider-kimi/tools';

const models: LanguageModel[] = [kimi('kimi-for-coding'), kimiV3('k3'), kimiV3.languageModel('k3'), create()('k3')];
export const results = [
  ...models.map(model => streamText({ model, prompt: 'x' })),
  generateText({ model: createKimi({ specificationVersion: 'v3' })('k3'), prompt: 'x' }),
  createProviderRegistry({ kimi: kimiV3, other: createKimiV3({ name: 'other' }) }),
  customProvider({ languageModels: { fast: kimiV3('k3') }, fallbackProvider: kimiV3 }),
  wrapLanguageModel({ model: kimiV3('k3'), middleware: [] }),
];

// @ts-expect-error V2 in a registry: use /v3
createProviderRegistry({ kimi });
// @ts-expect-error V2 in customProvider: use /v3
customProvider({ languageModels: { fast: kimi('k3') } });
// @ts-expect-error V2 in wrapLanguageModel, which breaks it at run time: use /v3
wrapLanguageModel({ model: kimi('k3'), middleware: [] });
// @ts-expect-error V4 models are for AI SDK 7
streamText({ model: kimiV4('k3'), prompt: 'x' });

export async function costs(): Promise<Array<KimiCost | undefined>> {
  const { usage, totalUsage } = await generateText({ model: kimiV3('k3'), prompt: 'x' });
  const streamed = streamText({ model: kimiV3('k3'), prompt: 'x' });
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
    search: webSearch(kimiV3, { limit: 3 }),
    read: webFetch(kimi, { allow: url => url.protocol === 'https:' }),
    ...builtinWebSearch(),
  };
  const { toolCalls, toolResults } = await generateText({ model: kimiV3('k3'), prompt: 'x', tools });
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
  const { reference, mediaType } = await kimiV3.files.upload({ url: 'https://example.com/a.mp4' });
  const content = [{ type: 'file' as const, mediaType, data: new URL(reference) }];
  await generateText({ model: kimiV3('k3'), messages: [{ role: 'user', content }] });
  return reference;
}
