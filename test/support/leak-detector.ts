import { inspect } from 'node:util';

/** Longest secret-free piece of a secret: whatever shows more of it is a leak. */
const PIECE = 12;

/** Finds planted secrets in anything, however it is looked at. */
export class LeakDetector {
  private readonly needles = new Map<string, string>();

  /** @param name for the report */
  plant(name: string, secret: string): string {
    for (let start = 0; start < secret.length; start += PIECE) {
      // The last piece ends at the end, so that none is too short to mean anything.
      const piece = secret.slice(Math.max(0, Math.min(start, secret.length - PIECE)), start + PIECE);
      this.needles.set(piece, name);
    }
    this.needles.set(Buffer.from(secret).toString('base64').slice(0, -4), name);
    this.needles.set(encodeURIComponent(secret), name);
    return secret;
  }

  /** Where secrets show, for example `access token in error.cause.message`; empty when they do not. */
  find(value: unknown): string[] {
    const leaks = new Set<string>();
    const look = (place: string, text: string) => {
      for (const [needle, name] of this.needles) {
        if (text.includes(needle)) {
          leaks.add(`${name} in ${place}`);
        }
      }
    };
    look('String()', String(value));
    look('inspect', inspect(value, { maxStringLength: null, maxArrayLength: null }));
    look('inspect of depth 10', inspect(value, { depth: 10, maxStringLength: null, maxArrayLength: null }));
    look('JSON', asJson(value));
    // Own properties with hidden ones and symbols, which is what `showHidden` prints.
    walk(value, 'value', look);
    return [...leaks];
  }
}

function asJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
}

/** Every text that can be reached through properties, but for what the AI SDK says an error must hold. */
function walk(
  value: unknown,
  path: string,
  look: (place: string, text: string) => void,
  seen = new WeakSet<object>(),
): void {
  if (typeof value === 'string') {
    look(path, value);
    return;
  }
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) {
    return;
  }
  seen.add(value);
  if (value instanceof Map || value instanceof Set) {
    [...value].forEach((entry, index) => walk(entry, `${path}[${index}]`, look, seen));
  }
  if (value instanceof Headers) {
    walk([...value], path, look, seen);
  }
  for (const key of Reflect.ownKeys(value)) {
    const property = Reflect.getOwnPropertyDescriptor(value, key);
    // `APICallError.requestBodyValues` is the prompt by contract. It may be there, but not where it is printed: it must
    // not be enumerable.
    if (key === 'requestBodyValues' && property?.enumerable === false) {
      continue;
    }
    const name = `${path}.${String(key)}`;
    look(`the name of ${path}`, String(key));
    if (property !== undefined && 'value' in property) {
      walk(property.value, name, look, seen);
    } else if (property?.get !== undefined && value instanceof Error) {
      // Of errors only: schemas and the like compute and keep something at the first look.
      walk(read(property.get, value), name, look, seen);
    }
  }
}

function read(get: () => unknown, owner: object): unknown {
  try {
    return get.call(owner);
  } catch (error) {
    return error;
  }
}
