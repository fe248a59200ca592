/** Texts that look like what is expected, and are not: what a broken program or somebody hostile may have written. */
import fc from 'fast-check';

/** In every text; nothing that is shown may have it. */
export const CANARY = 'Canary7Q2mZp0WvKx93LbTn5RdHs8YcUf';

const deep = fc
  .record({ levels: fc.constantFrom(30, 1_000, 30_000), list: fc.boolean() })
  .map(({ levels, list }) =>
    list ? '['.repeat(levels) + ']'.repeat(levels) : '{"a":'.repeat(levels) + '1' + '}'.repeat(levels),
  );

/** JSON text of any value; strings may have the canary. */
export const hostileValue = fc.oneof(
  fc.json({ maxDepth: 3, noUnicodeString: false } as never),
  fc.constantFrom('null', 'true', '-1', '1e999', '0', '""', '[]', '{}', '[null]', '{"__proto__":{"a":1}}', '"\\ud800"'),
  fc.constant(JSON.stringify(CANARY)),
  fc.constant(JSON.stringify(`${CANARY}\r\n\u001b[31m`)),
  deep,
);

type Fields = Readonly<Record<string, unknown>>;

/** The object with some of its fields, at any depth, in any other form; and its text cut, doubled or with a byte more. */
export function mutated(original: Fields): fc.Arbitrary<string> {
  const places = placesOf(original);
  const changes = fc.array(fc.tuple(fc.constantFrom(...places), hostileValue), { maxLength: 3 });
  const damage = fc.oneof(
    { weight: 4, arbitrary: fc.constant((text: string) => text) },
    {
      weight: 1,
      arbitrary: fc.nat(100).map(percent => (text: string) => text.slice(0, (text.length * percent) / 100)),
    },
    { weight: 1, arbitrary: fc.constant((text: string) => text + text) },
    { weight: 1, arbitrary: fc.constantFrom('\0', '\uFEFF', ',', '"', '}').map(more => (text: string) => more + text) },
  );
  return fc.tuple(changes, damage).map(([changed, damaged]) => damaged(written(original, new Map(changed), '')));
}

function placesOf(value: unknown, path = ''): string[] {
  const inner = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return [path, ...inner.flatMap(([key, item]) => placesOf(item, `${path}/${key}`))];
}

/** By hand, because what stands in a place may be no value that can be built, only text. */
function written(value: unknown, changes: ReadonlyMap<string, string>, path: string): string {
  const change = changes.get(path);
  if (change !== undefined) {
    return change;
  }
  if (Array.isArray(value)) {
    return `[${value.map((item, index) => written(item, changes, `${path}/${index}`)).join(',')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(
      ([key, item]) => `${JSON.stringify(key)}:${written(item, changes, `${path}/${key}`)}`,
    );
    return `{${fields.join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}
