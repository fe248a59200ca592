import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { MESSAGES_RULES } from '../src/engine/messages/body-rules';
import { BODY_RULES } from '../src/engine/request/body-rules';
import { MODEL_ROWS, type ModelRow } from '../src/models/model-rows';
import { dependencies } from '../package.json';

const file = new URL('../README.md', import.meta.url);
const readme = readFileSync(file, 'utf8');

it('has the table of body rules as they are', () => {
  holdsTable(file, 'body rules', [
    '| Rule | What it does | Known from |',
    '|---|---|---|',
    ...BODY_RULES.map(rule => `| \`${rule.name}\` | ${rule.summary} | ${linked(rule.source)} |`),
  ]);
});

it('has the table of the rules of the Anthropic wire as they are', () => {
  holdsTable(new URL('../docs/wires.md', import.meta.url), 'rules of the Anthropic wire', [
    '| Rule | What it does | Known from |',
    '|---|---|---|',
    ...MESSAGES_RULES.map(
      rule => `| \`${rule.name}\` | ${rule.summary} | ${linked(rule.source).replaceAll('docs/', '')} |`,
    ),
  ]);
});

it.each(['coding', 'platform'] as const)('has the models of %s as they are, also in docs', service => {
  const rows = MODEL_ROWS[service];
  const newest = rows.filter((row, index) => rows.findIndex(({ id }) => id === row.id) === index);
  holdsTable(file, `${service} models`, [
    '| Id | Window | Thinking | Input |',
    '|---|---|---|---|',
    ...newest.map(row => `| ${cells(row).join(' | ')} |`),
  ]);
  holdsTable(new URL('../docs/models.md', import.meta.url), `${service} models`, [
    '| Id | Window | Thinking | Input | USD per million tokens in / out / cached | Read | Source |',
    '|---|---|---|---|---|---|---|',
    ...rows.map(row => {
      const { price, date, source } = row;
      const prices = price === undefined ? '' : `${price.input} / ${price.output} / ${price.cachedInput}`;
      return `| ${[...cells(row), prices, date, linked(source).replaceAll('docs/', '')].join(' | ')} |`;
    }),
  ]);
});

function cells({ id, contextWindow, thinking, efforts, defaultEffort, image, video }: ModelRow): string[] {
  const levels = efforts?.map(effort => (effort === defaultEffort ? `**${effort}**` : effort));
  const how =
    levels === undefined
      ? { only: 'always', both: 'on or off', no: 'no' }[thinking]
      : [...(thinking === 'both' ? ['off'] : []), ...levels].join(', ');
  const inputs = ['text', ...(image ? ['image'] : []), ...(video ? ['video'] : [])].join(', ');
  return [`\`${id}\``, contextWindow.toLocaleString('en-US'), how, inputs];
}

/** `UPDATE_README=1` writes it. */
function holdsTable(document: URL, name: string, lines: string[]): void {
  const text = readFileSync(document, 'utf8');
  const marks = new RegExp(`(?<=<!-- ${name}:.*-->\\n)([\\s\\S]*?)(?=<!-- end of ${name} -->)`);
  const expected = text.replace(marks, () => `${lines.join('\n')}\n`);
  expect(text).toMatch(marks);
  if (process.env.UPDATE_README !== undefined) {
    writeFileSync(document, expected);
  }
  expect(readFileSync(document, 'utf8')).toBe(expected);
}

it('holds the two commands that do everything', () => {
  expect(readme).toContain('npm ci && npm run demo');
  expect(readme).toContain('npm ci && npm test');
});

it('pins what patch releases changed the behaviour of', () => {
  for (const name of ['@ai-sdk/openai-compatible', '@ai-sdk/anthropic'] as const) {
    expect(dependencies[name]).toMatch(/^\d+\.\d+\.\d+$/);
  }
  // A dependency, not a peer: pi installs without peers (docs/decisions.md#92-zod-is-a-dependency).
  expect(dependencies.zod).toBe('^3.25.76 || ^4.1.8');
});

it('names only files that exist, in AGENTS.md', () => {
  const agents = readFileSync(new URL('../AGENTS.md', import.meta.url), 'utf8');
  const paths = [...agents.matchAll(/`((?:src|test|bench|docs|examples|\.ci)\/[\w./-]+)`/g)].map(
    ([, path = '']) => path,
  );
  expect(paths.length).toBeGreaterThan(20);
  expect(paths.filter(path => !existsSync(new URL(`../${path}`, import.meta.url)))).toEqual([]);
});

it('names only files that exist, in SECURITY.md, and leads to it', () => {
  const security = readFileSync(new URL('../SECURITY.md', import.meta.url), 'utf8');
  const paths = [...security.matchAll(/`(test\/[\w./-]+)`/g)].map(([, path = '']) => path);
  expect(paths.length).toBeGreaterThan(10);
  expect(paths.filter(path => !existsSync(new URL(`../${path}`, import.meta.url)))).toEqual([]);
  // Each claim has a row, and each row what holds it.
  const rows = security.split('\n').filter(line => /^\| (?!From)\w/.test(line));
  expect(rows.length).toBeGreaterThanOrEqual(8);
  expect(rows.filter(row => !/`test\/[^`]+\.test\.ts`[^|]*\|$/.test(row))).toEqual([]);
  expect(readme).toContain('](SECURITY.md)');
});

/** The names of a type's fields, of the file that declares it. */
function fieldsOf(source: string, type: string): string[] {
  const text = readFileSync(new URL(`../src/${source}`, import.meta.url), 'utf8');
  const body = new RegExp(`^export type ${type} = \\{\\n([\\s\\S]*?)^\\};`, 'm').exec(text)?.[1] ?? '';
  return [...body.matchAll(/^ {2}(\w+)\??: /gm)].map(([, name = '']) => name);
}

const section = (heading: string): string => {
  const start = readme.indexOf(`\n${heading}\n`);
  expect(start).toBeGreaterThan(0);
  return readme.slice(start, readme.indexOf('\n#', start + 2));
};

it('has each setting of the provider, with its limits, in the table of settings', () => {
  const rows = section('## Settings').split('\n');
  const named = rows.flatMap(row =>
    [...(/^\| (.+?) \|/.exec(row)?.[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name),
  );
  const settings = fieldsOf('provider/kimi-provider-settings.ts', 'KimiProviderSettings');
  expect(settings).toContain('apiKey');
  expect(named.toSorted()).toEqual(settings.toSorted());
  const limits = rows.find(row => row.startsWith('| `limits`'));
  const parts = fieldsOf('transport/limits.ts', 'KimiLimits');
  expect(parts).toContain('idleMs');
  expect(parts.filter(name => !limits?.includes(`\`${name}\``))).toEqual([]);
});

it('has each option of a call, those that are said to be in the table of settings there', () => {
  const options = fieldsOf('engine/options.ts', 'KimiLanguageModelOptions');
  expect(options).toContain('reasoningEffort');
  expect(options.filter(name => !readme.includes(`\`${name}`))).toEqual([]);
  const [, said = ''] =
    /; (`forceSampling`[^;]*) are in the \[table below\]\(#settings-by-model-family\)/.exec(readme) ?? [];
  const names = [...said.matchAll(/`(\w+)`/g)].map(([, name = '']) => name);
  expect(names.length).toBeGreaterThan(7);
  const table = section('### Settings by model family');
  expect(names.filter(name => !table.includes(`\`${name}`))).toEqual([]);
});

it('shows no code of a place it is used in that is not part of an example', () => {
  const examples = fileURLToPath(new URL('../examples', import.meta.url));
  const sources = readdirSync(examples, { recursive: true, encoding: 'utf8' })
    .filter(name => /\.(tsx?|jsonl?)$/.test(name) && !/node_modules|\.next/.test(name))
    .map(name => readFileSync(path.join(examples, name), 'utf8'));
  const start = readme.indexOf('## Where it is used');
  const places = readme.slice(start, readme.indexOf('\n## ', start));
  const first = readme.slice(0, readme.indexOf('\n## '));
  const snippets = [...(first + places).matchAll(/^```(?:tsx?|jsonl?)\n([\s\S]*?)^```$/gm)].map(
    ([, code = '']) => code,
  );
  expect(snippets.length).toBeGreaterThanOrEqual(5);
  expect(snippets.filter(code => !sources.some(source => source.includes(code)))).toEqual([]);
  for (const place of ['Apps and scripts', 'Next.js', 'opencode', 'Batch jobs']) {
    expect(places).toContain(`### ${place}\n`);
  }
});

it('says of no store that it keeps logins apart that the contract of stores does not prove it of', () => {
  expect(readme).toContain('never share a place, whatever the store');
  const start = readme.indexOf('| Store | Where |');
  const table = readme.slice(start, readme.indexOf('\n\n', start));
  const stores = [...new Set(table.match(/\b\w+CredentialStore(?=\()/g))];
  expect(stores.length).toBeGreaterThan(7);
  const folder = new URL('credentials/', import.meta.url);
  const tests = readdirSync(folder).map(name => readFileSync(new URL(name, folder), 'utf8'));
  const proved = tests.flatMap(text => text.match(/(?<=describeCredentialStore\(\s*['`])\w+/g) ?? []);
  // Those keep nothing of their own: a variable, or the store around which they stand.
  const others = ['environmentCredentialStore', 'seededCredentialStore'];
  expect(stores.filter(store => !proved.includes(store) && !others.includes(store))).toEqual([]);
});

it('shows the tools as an example uses them', () => {
  const section = readme.slice(readme.indexOf('## Search and pages'), readme.indexOf('\n## Identity'));
  const [, code = ''] = /^```ts\n([\s\S]*?)^```$/m.exec(section) ?? [];
  expect(code).toContain('webSearch(kimi');
  expect(readFileSync(new URL('../examples/scripts/web-search.ts', import.meta.url), 'utf8')).toContain(code);
});

/** Links each citation; an anchor alone belongs to the file that was named last. */
function linked(source: string): string {
  let file = '';
  return source.replace(
    /(?<=^|[\s(])(docs\/\w+\.md)?#([\w-]+)/g,
    (citation: string, named: string | undefined, anchor) => {
      file = named ?? file;
      return file === '' ? citation : `[${citation}](${file}#${anchor})`;
    },
  );
}
