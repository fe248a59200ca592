import type { JSONValue, LanguageModelV4Usage } from '@ai-sdk/provider';
import type { KimiCost } from '../models/estimate-cost';

/**
 * `providerMetadata.kimi` of every answer, of `generateText` and of a stream's end alike. What the server does not say
 * is absent.
 */
export type KimiProviderMetadata = {
  /** The server's id of this request (`x-trace-id`), which support asks for. */
  traceId?: string;
  /** Slug of the model that answered; differs from the one asked for where the server routes. */
  servedModel?: string;
  /** Tokens of the prompt that came from the cache; part of the input tokens. */
  cachedTokens?: number;
  /** Tokens spent on thinking; part of the output tokens. */
  reasoningTokens?: number;
  /**
   * What the answer costs by list prices, or by those of the setting `prices`; on a plan the amount is 0, with the list
   * price beside it. Absent where tokens or price are not known.
   */
  cost?: KimiCost;
  /** How many tool calls the server had written into the text or the reasoning, and were made real ones here. */
  recoveredToolCalls?: number;
  /** Of the answer's tokens, where `providerOptions.kimi.logprobs` asked for them. */
  logprobs?: { content: JSONValue[] };
};

/** Puts together what is known of one answer. */
export function kimiMetadata({
  traceId,
  servedModel,
  usage,
  cost,
  recoveredToolCalls,
  logprobs,
}: {
  traceId: string | undefined;
  servedModel: unknown;
  usage: LanguageModelV4Usage;
  cost: KimiCost | undefined;
  recoveredToolCalls: number;
  logprobs: readonly unknown[];
}): KimiProviderMetadata {
  const { inputTokens, outputTokens } = usage;
  return {
    ...(traceId === undefined ? {} : { traceId }),
    ...(typeof servedModel === 'string' && servedModel !== '' ? { servedModel } : {}),
    ...(inputTokens.cacheRead === undefined ? {} : { cachedTokens: inputTokens.cacheRead }),
    ...(outputTokens.reasoning === undefined ? {} : { reasoningTokens: outputTokens.reasoning }),
    ...(cost === undefined ? {} : { cost }),
    ...(recoveredToolCalls === 0 ? {} : { recoveredToolCalls }),
    ...(logprobs.length === 0 ? {} : { logprobs: { content: logprobs as JSONValue[] } }),
  };
}
