import type { SharedV4ProviderOptions } from '@ai-sdk/provider';

/** Headers in which opencode sends its session id (docs/wire.md#opencode-session-headers). */
const SESSION_HEADERS = ['x-session-id', 'x-session-affinity'];

/** The session that a call of opencode belongs to; `undefined` for other callers. */
export function opencodeSessionId(headers: Record<string, string | undefined> | undefined): string | undefined {
  const entries = Object.entries(headers ?? {});
  for (const wanted of SESSION_HEADERS) {
    const value = entries.find(([name]) => name.toLowerCase() === wanted)?.[1];
    if (value) {
      return value;
    }
  }
  return undefined;
}

/** Reasoning that opencode has moved from the content to the message's options: for models marked `interleaved`. */
export function movedReasoning(providerOptions: SharedV4ProviderOptions | undefined): string | undefined {
  const moved = providerOptions?.openaiCompatible?.reasoning_content;
  return typeof moved === 'string' ? moved : undefined;
}
