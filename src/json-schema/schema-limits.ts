/** Far above what Kimi takes (docs/wire.md#schema-size), for what repeats itself is shared later. */
const MOST_CHARACTERS = 500_000;

/** Levels of objects and lists, two for each property of a property. */
const DEEPEST = 500;

/**
 * Why a schema is none that can be worked on, as the end of a sentence: its steps go down into it, and some look at
 * each part several times. Goes down by a list and not by calls, so that nothing is too deep for it.
 */
export function schemaFault(schema: unknown): string | undefined {
  const left: Array<readonly [value: unknown, depth: number]> = [[schema, 0]];
  let characters = 0;
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [value, depth] = next;
    characters += typeof value === 'string' ? value.length : 1;
    if (typeof value === 'object' && value !== null) {
      if (depth === DEEPEST) {
        return `is nested more than ${DEEPEST} levels deep`;
      }
      const keys = Array.isArray(value) ? value : Object.keys(value);
      characters += keys.length;
      // A list with millions of items is not gone through.
      for (let index = 0; index < keys.length && characters + left.length <= MOST_CHARACTERS; index++) {
        const name = keys === value ? index : (keys[index] as string);
        characters += typeof name === 'string' ? name.length + 3 : 1;
        left.push([(value as Record<string | number, unknown>)[name], depth + 1]);
      }
    }
    if (characters + left.length > MOST_CHARACTERS) {
      return `has more than ${MOST_CHARACTERS} characters`;
    }
  }
  return undefined;
}
