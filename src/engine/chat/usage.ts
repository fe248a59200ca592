import type { JSONObject, LanguageModelV4Usage } from '@ai-sdk/provider';

type WireUsage = {
  prompt_tokens?: number | null;
  completion_tokens?: number | null;
  cached_tokens?: number | null;
  prompt_tokens_details?: { cached_tokens?: number | null } | null;
  completion_tokens_details?: { reasoning_tokens?: number | null } | null;
};

/**
 * Kimi's usage to the AI SDK's. `prompt_tokens` includes the cached part; cached tokens stand in `cached_tokens`, else
 * in `prompt_tokens_details` (docs/wire.md#cached-tokens). What the server does not say stays `undefined`.
 */
export function convertUsage(usage: unknown): LanguageModelV4Usage {
  const wire = (typeof usage === 'object' && usage !== null ? usage : {}) as WireUsage;
  const input = wire.prompt_tokens ?? undefined;
  const output = wire.completion_tokens ?? undefined;
  const cached =
    wire.cached_tokens ?? wire.prompt_tokens_details?.cached_tokens ?? (input === undefined ? undefined : 0);
  const reasoning = wire.completion_tokens_details?.reasoning_tokens ?? undefined;

  const converted: LanguageModelV4Usage = {
    inputTokens: {
      total: input,
      noCache: input === undefined ? undefined : Math.max(0, input - (cached ?? 0)),
      cacheRead: cached,
      cacheWrite: undefined,
    },
    outputTokens: {
      total: output,
      text: output === undefined || reasoning === undefined ? undefined : Math.max(0, output - reasoning),
      reasoning,
    },
  };
  return usage === null || usage === undefined ? converted : { ...converted, raw: usage as JSONObject };
}

/** Top-level `usage`, else that of the last choice, where Moonshot puts it (docs/wire.md#usage-location). */
export function findUsage(body: unknown): unknown {
  const answer = body as { usage?: unknown; choices?: Array<{ usage?: unknown }> } | null | undefined;
  return answer?.usage ?? answer?.choices?.findLast(choice => choice?.usage != null)?.usage ?? undefined;
}
