import { hideSecrets, type Hidden } from './hide-secrets';

const DEEPEST = 8;

/**
 * The same error where nothing in it repeats a credential or the prompt; else one with its name, its code and what is
 * left of its message. A host's own `fetch`, and runtimes too, quote requests in their errors.
 */
export function hideInError(error: unknown, hidden: Hidden): unknown {
  const texts: string[] = [];
  collect(error, texts, new Set(), 0);
  const shown = hideSecrets(texts, hidden);
  return shown.every((text, index) => text === texts[index]) ? error : told(error, hidden, 0);
}

/** Every text that can be read off an error, hidden properties included. */
function collect(value: unknown, texts: string[], seen: Set<unknown>, depth: number): void {
  if (typeof value === 'string') {
    texts.push(value);
  } else if (typeof value === 'object' && value !== null && !seen.has(value)) {
    seen.add(value);
    if (depth === DEEPEST || value instanceof Map || value instanceof Set || value instanceof Headers) {
      texts.push(String([...Object.values(value), ...(isIterable(value) ? value : [])]));
      return;
    }
    for (const key of Reflect.ownKeys(value)) {
      const { value: inner } = Reflect.getOwnPropertyDescriptor(value, key) ?? {};
      collect(inner, texts, seen, depth + 1);
    }
  }
}

function isIterable(value: object): value is Iterable<unknown> {
  return Symbol.iterator in value;
}

function told(error: unknown, hidden: Hidden, depth: number): unknown {
  if (!(error instanceof Error) || depth === DEEPEST) {
    return typeof error === 'string' ? hideSecrets(error, hidden) : undefined;
  }
  const { name, message, stack = '', code } = error as Error & { code?: unknown };
  const shown = hideSecrets({ name, message, stack, code: typeof code === 'string' ? code : '' }, hidden);
  const { cause } = error;
  const result = new Error(shown.message, cause === undefined ? {} : { cause: told(cause, hidden, depth + 1) });
  result.name = shown.name;
  result.stack = shown.stack;
  return shown.code === '' ? result : Object.assign(result, { code: shown.code });
}
