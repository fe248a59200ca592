import type { SharedV4ProviderOptions } from '@ai-sdk/provider';

/** Headers in which opencode sends its session id (docs/wire.md#opencode-session-headers). */
const SESSION_HEADERS = ['x-session-id', 'x-session-affinity'];

/**
 * Whether a call is one of opencode's: its `User-Agent`, which every call of its has, or, where a configuration
 * replaced that, its session in both headers.
 */
export function isOpencodeCall(headers: Record<string, string | undefined> | undefined): boolean {
  const [id, affinity] = SESSION_HEADERS.map(name => valueOf(headers, name));
  return valueOf(headers, 'user-agent')?.startsWith('opencode/') === true || (id !== undefined && id === affinity);
}

/** The session that a call of opencode belongs to; `undefined` for other callers. */
export function opencodeSessionId(headers: Record<string, string | undefined> | undefined): string | undefined {
  return SESSION_HEADERS.map(name => valueOf(headers, name)).find(value => value !== undefined);
}

function valueOf(headers: Record<string, string | undefined> | undefined, wanted: string): string | undefined {
  return Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === wanted)?.[1] || undefined;
}

/** Reasoning that opencode has moved from the content to the message's options: for models marked `interleaved`. */
export function movedReasoning(providerOptions: SharedV4ProviderOptions | undefined): string | undefined {
  const moved = providerOptions?.openaiCompatible?.reasoning_content;
  return typeof moved === 'string' ? moved : undefined;
}
