/**
 * `init` with `headers` set last: whatever the caller, a host or the AI SDK put under one of these names, in any case,
 * is gone. The AI SDK appends its own product to the caller's User-Agent and lets a call header replace the provider's
 * (aisdk.md 4), so only the fetch can say the last word.
 */
export function setFinalHeaders(
  init: RequestInit | undefined,
  headers: ReadonlyArray<readonly [string, string]>,
): RequestInit {
  const final = new Set(headers.map(([name]) => name.toLowerCase()));
  const merged: Record<string, string> = {};
  for (const [name, value] of headers) {
    merged[name] = value;
  }
  for (const [name, value] of headerEntries(init?.headers)) {
    if (!final.has(name.toLowerCase())) {
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
