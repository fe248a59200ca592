/** Headers that nobody else may set, with their names in lower case. */
export type FinalHeaders = Readonly<{ values: Readonly<Record<string, string>>; names: ReadonlySet<string> }>;

/** Made once for all requests that they stand on. */
export function finalHeaders(entries: ReadonlyArray<readonly [string, string]>): FinalHeaders {
  return { values: Object.fromEntries(entries), names: new Set(entries.map(([name]) => name.toLowerCase())) };
}

/**
 * `init` with `headers` set last: whatever the caller, a host or the AI SDK put under one of these names, in any case,
 * is gone. The AI SDK appends its own product to the caller's User-Agent and lets a call header replace the provider's
 * (docs/wire.md#user-agent-in-the-ai-sdk), so only the fetch can say the last word.
 */
export function setFinalHeaders(init: RequestInit | undefined, { values, names }: FinalHeaders): RequestInit {
  const merged: Record<string, string> = { ...values };
  for (const [name, value] of headerEntries(init?.headers)) {
    if (!names.has(name.toLowerCase())) {
      merged[name] = value;
    }
  }
  return { ...init, headers: merged };
}

function headerEntries(headers: RequestInit['headers']): Iterable<[string, string]> {
  if (headers === undefined) {
    return [];
  }
  if (headers instanceof Headers) {
    return headers.entries();
  }
  return (Array.isArray(headers) ? headers : Object.entries(headers)) as Array<[string, string]>;
}
