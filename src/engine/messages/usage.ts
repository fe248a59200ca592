import type { JSONObject, LanguageModelV4Usage } from '@ai-sdk/provider';

type WireUsage = {
  input_tokens?: number | null;
  output_tokens?: number | null;
  cache_read_input_tokens?: number | null;
  cache_creation_input_tokens?: number | null;
  output_tokens_details?: { thinking_tokens?: number | null } | null;
};

/**
 * Usage of the Anthropic wire to the AI SDK's. `input_tokens` is what did not come from the cache
 * (docs/wire.md#anthropic-answers). What the server does not say stays `undefined`.
 */
export function convertMessagesUsage(usage: unknown): LanguageModelV4Usage {
  const wire = (typeof usage === 'object' && usage !== null ? usage : {}) as WireUsage;
  const written = wire.cache_creation_input_tokens ?? undefined;
  const plain = wire.input_tokens ?? undefined;
  const read = wire.cache_read_input_tokens ?? (plain === undefined ? undefined : 0);
  const output = wire.output_tokens ?? undefined;
  const reasoning = wire.output_tokens_details?.thinking_tokens ?? undefined;
  const converted: LanguageModelV4Usage = {
    inputTokens: {
      total: plain === undefined ? undefined : plain + (read ?? 0) + (written ?? 0),
      noCache: plain,
      cacheRead: read,
      cacheWrite: written,
    },
    outputTokens: {
      total: output,
      text: output === undefined || reasoning === undefined ? undefined : Math.max(0, output - reasoning),
      reasoning,
    },
  };
  return usage === null || usage === undefined ? converted : { ...converted, raw: usage as JSONObject };
}
