/** A stretch of so many characters that stands in the prompt, too, is taken for a quotation of it. */
const QUOTATION = 20;

/** A prompt that is shorter is only known when the whole of it is there; one that is shorter still, not at all. */
const SHORTEST_PROMPT = 12;

/** No error body is longer; what comes after is cut off. */
const LONGEST_TEXT = 64 * 1024;

const HIDDEN = '[prompt]';

/**
 * The same value, a text or parsed JSON, without what it repeats of the prompt: servers and proxies quote requests that
 * they refuse.
 * @param requestBodyValues the request's body; its `messages` are the prompt
 */
export function hidePrompt<T>(value: T, requestBodyValues: unknown): T {
  const prompts = textsOf((requestBodyValues as { messages?: unknown } | undefined)?.messages);
  return prompts.length === 0 ? value : (mapTexts(value, text => hideIn(text, prompts), 0) as T);
}

/** Every text below `value`, also as it stands in JSON. Not the images: those are cut out by their form. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') {
    const escaped = JSON.stringify(value).slice(1, -1);
    return value.length < SHORTEST_PROMPT || value.startsWith('data:')
      ? []
      : escaped === value
        ? [value]
        : [value, escaped];
  }
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

function mapTexts(value: unknown, change: (text: string) => string, depth: number): unknown {
  if (typeof value === 'string') {
    return change(value);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if (depth === 20) {
    return HIDDEN;
  }
  return Array.isArray(value)
    ? value.map(item => mapTexts(item, change, depth + 1))
    : Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, change, depth + 1)]));
}

function hideIn(whole: string, prompts: readonly string[]): string {
  const text = whole.replace(/data:[\w/+.-]*;base64,[\w+/=]*/g, 'data:…').slice(0, LONGEST_TEXT);
  const stretches = new Set<string>();
  for (let start = 0; start + QUOTATION <= text.length; start++) {
    stretches.add(text.slice(start, start + QUOTATION));
  }
  const quoted = new Set<string>();
  for (const prompt of prompts) {
    for (let start = 0; stretches.size > 0 && start + QUOTATION <= prompt.length; start++) {
      const stretch = prompt.slice(start, start + QUOTATION);
      if (stretches.has(stretch)) {
        quoted.add(stretch);
      }
    }
  }
  const short = prompts.filter(prompt => prompt.length < QUOTATION && text.includes(prompt));
  return quoted.size + short.length === 0 ? text : cutOut(text, quoted, short);
}

/** Quotations that overlap or touch become one. */
function cutOut(text: string, quoted: ReadonlySet<string>, short: readonly string[]): string {
  let result = '';
  let position = 0;
  let hiddenUntil = 0;
  for (let start = 0; start < text.length; start++) {
    const isQuoted = quoted.has(text.slice(start, start + QUOTATION));
    const length = isQuoted ? QUOTATION : (short.find(prompt => text.startsWith(prompt, start))?.length ?? 0);
    if (length === 0) {
      continue;
    }
    if (start > hiddenUntil || position === 0) {
      result += text.slice(position, start) + HIDDEN;
    }
    hiddenUntil = Math.max(hiddenUntil, start + length);
    position = hiddenUntil;
  }
  return result + text.slice(position);
}
