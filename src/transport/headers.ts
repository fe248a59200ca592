import { KimiInvalidArgumentError } from '../errors/kimi-error';

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

/**
 * Throws for what cannot be a header, because the runtime's own error prints the value, which may be a secret, and
 * names no setting.
 * @throws KimiInvalidArgumentError, which names the header
 */
export function checkHeaders(headers: unknown): void {
  if (headers === undefined || headers === null) {
    return;
  }
  if (typeof headers !== 'object') {
    throw new KimiInvalidArgumentError({
      argument: 'headers',
      message: `"headers" must be an object of header names and values, not a ${typeof headers}.`,
    });
  }
  for (const [name, value] of Object.entries(headers)) {
    // A token of RFC 9110, 5.6.2.
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
      throw new KimiInvalidArgumentError({
        argument: 'headers',
        message: `"headers" has ${JSON.stringify(name)}, which cannot be the name of a header.`,
      });
    }
    // Line breaks at the ends are cut by every `Headers`.
    if (value !== undefined && value !== null && !/^[\t\x20-\x7e\x80-\xff]*$/.test(trimmed(String(value)))) {
      throw new KimiInvalidArgumentError({
        argument: `headers.${name}`,
        message:
          `The value of the header "${name}" in "headers" has a line break, a control character or a letter ` +
          'outside Latin-1, which HTTP cannot ' +
          'send. Encode it, for example with encodeURIComponent().',
      });
    }
  }
}

/** Without what every `Headers` cuts off at the ends. */
function trimmed(value: string): string {
  const isBlank = (index: number): boolean => '\t\r\n '.includes(value.charAt(index));
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(start)) {
    start++;
  }
  while (end > start && isBlank(end - 1)) {
    end--;
  }
  return value.slice(start, end);
}
