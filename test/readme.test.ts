import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { explainError, type ErrorReason } from '../src/api/error-advice';
import { KIMI_ERROR_TABLE } from '../src/api/error-table';
import { MESSAGES_RULES } from '../src/engine/messages/body-rules';
import { BODY_RULES } from '../src/engine/request/body-rules';
import { MODEL_ROWS, type ModelRow } from '../src/models/model-rows';
import { KNOWN_ERRORS } from './api/known-errors';
import { dependencies } from '../package.json';

const urlOf = (document: string): URL => new URL(`../${document}`, import.meta.url);
const read = (document: string): string => readFileSync(urlOf(document), 'utf8');
const readme = read('README.md');

it.each([
  { name: 'body rules', document: 'docs/body-rules.md', rules: BODY_RULES },
  { name: 'rules of the Anthropic wire', document: 'docs/wires.md', rules: MESSAGES_RULES },
])('$document has the table of the $name as they are', ({ name, document, rules }) => {
  holdsTable(urlOf(document), name, [
    '| Rule | What it does | Known from |',
    '|---|---|---|',
    ...rules.map(rule => `| \`${rule.name}\` | ${rule.summary} | ${linked(rule.source).replaceAll('docs/', '')} |`),
  ]);
});

it.each(['coding', 'platform'] as const)('docs/models.md has the models of %s as they are', service => {
  holdsTable(urlOf('docs/models.md'), `${service} models`, [
    '| Id | Window | Thinking | Input | USD per million tokens in / out / cached | Read | Source |',
    '|---|---|---|---|---|---|---|',
    ...MODEL_ROWS[service].map(row => {
      const { price, date, source } = row;
      const prices = price === undefined ? '' : `${price.input} / ${price.output} / ${price.cachedInput}`;
      return `| ${[...cells(row), prices, date, linked(source).replaceAll('docs/', '')].join(' | ')} |`;
    }),
  ]);
});

it('docs/troubleshooting.md has what Kimi was seen to answer, with what is said to it', () => {
  const place = {
    host: 'api.kimi.com',
    credential: 'your credential',
    console: 'https://www.kimi.com/code/console',
    identity: 'KimiCLI/1.49.0',
    reset: '',
  };
  const told = KNOWN_ERRORS.filter(({ text, reason }) => text !== '' && reason !== 'unknown');
  const rows = [...Map.groupBy(told, ({ reason }) => reason)].map(([reason, errors]) => {
    const texts = [...new Set(errors.map(({ status, text }) => `${status} \`${text.replaceAll('|', '\\|')}\``))];
    const codes = [...new Set(errors.map(({ code }) => `\`${code}\``))];
    return `| ${texts.join('<br>')} | ${codes.join(', ')} | ${explainError(reason as ErrorReason, place)} |`;
  });
  holdsTable(urlOf('docs/troubleshooting.md'), 'refusals', [
    '| Kimi says | `code` | What it is about, and what to do |',
    '|---|---|---|',
    ...rows,
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

describe('README', () => {
  const sections = readme.split(/^(?=## )/m).slice(1);

  it('is read in one go', () => {
    expect(readme.split('\n').length).toBeLessThanOrEqual(250);
    const order = ['Install', 'Sign in', 'Stream', 'What works where', 'Settings that matter', 'Errors', 'More'];
    const places = order.map(heading => readme.indexOf(`\n## ${heading}\n`));
    expect(places).toEqual(places.filter(place => place > 0).toSorted((one, other) => one - other));
  });

  it('says of each section which tests hold it', () => {
    expect(sections.length).toBeGreaterThan(6);
    for (const section of sections) {
      const [, list = ''] = /^<!-- held by: (.+) -->$/m.exec(section) ?? [];
      const files = list.split(', ');
      expect(files.filter(file => !existsSync(urlOf(file)) || !file.startsWith('test/'))).toEqual([]);
    }
  });

  it('is read on npm, too: no link in it is relative, and each is a link of this repository or of who is named', () => {
    const links = [...readme.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link as string);
    expect(links.length).toBeGreaterThan(20);
    expect(links.filter(link => !link.startsWith('https://'))).toEqual([]);
  });

  it('names settings, variables and codes that there are', () => {
    const settings = fieldsOf('provider/kimi-provider-settings.ts', 'KimiProviderSettings');
    const table = sectionOf('README.md', '## Settings that matter');
    const named = table
      .split('\n')
      .flatMap(row => [...(/^\| (`.+?) \|/.exec(row)?.[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name));
    expect(named.length).toBeGreaterThan(7);
    expect(named.filter(name => !settings.includes(name as string))).toEqual([]);
    const words = [...new Set(readme.match(/\b(?:KIMI|MOONSHOT)_[A-Z_]+\b/g))];
    const known = read('docs/settings.md') + read('docs/errors.md');
    expect(words.filter(word => !known.includes(`\`${word}\``))).toEqual([]);
  });

  it('says beside the sign-in who it is to Kimi: by default, to the vendor, in May 2026, and in another word', () => {
    // The facts: docs/wire.md#suspended-accounts.
    const section = sections.find(text => text.startsWith('## Sign in\n'));
    for (const words of ['By default', 'host name', 'device id', "Kimi's documents", 'May 2026', 'restored']) {
      expect(section).toContain(words);
    }
    expect(section).toContain('KIMI_IDENTITY=package');
    expect(section).toMatch(/docs\/identity\.md/);
  });
});

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
  const agents = read('AGENTS.md');
  const paths = [...agents.matchAll(/`((?:src|test|bench|docs|examples|\.ci)\/[\w./-]+)`/g)].map(
    ([, path = '']) => path,
  );
  expect(paths.length).toBeGreaterThan(20);
  expect(paths.filter(path => !existsSync(new URL(`../${path}`, import.meta.url)))).toEqual([]);
});

it('names only files that exist, in SECURITY.md, and leads to it', () => {
  const security = read('SECURITY.md');
  const paths = [...security.matchAll(/`(test\/[\w./-]+)`/g)].map(([, path = '']) => path);
  expect(paths.length).toBeGreaterThan(10);
  expect(paths.filter(path => !existsSync(new URL(`../${path}`, import.meta.url)))).toEqual([]);
  // Each claim has a row, and each row what holds it.
  const rows = security.split('\n').filter(line => /^\| (?!From)\w/.test(line));
  expect(rows.length).toBeGreaterThanOrEqual(8);
  expect(rows.filter(row => !/`test\/[^`]+\.test\.ts`[^|]*\|$/.test(row))).toEqual([]);
  expect(readme).toMatch(/\]\(\S*SECURITY\.md\)/);
});

/** The names of a type's fields, of the file that declares it. */
function fieldsOf(source: string, type: string): string[] {
  const text = readFileSync(new URL(`../src/${source}`, import.meta.url), 'utf8');
  const body = new RegExp(`^export type ${type} = \\{\\n([\\s\\S]*?)^\\};`, 'm').exec(text)?.[1] ?? '';
  return [...body.matchAll(/^ {2}(\w+)\??: /gm)].map(([, name = '']) => name);
}

function sectionOf(document: string, heading: string): string {
  const text = read(document);
  const start = text.indexOf(`${heading}\n`);
  expect(start).toBeGreaterThanOrEqual(0);
  const end = text.indexOf('\n#', start + 2);
  return text.slice(start, end < 0 ? undefined : end);
}

it('has each setting of the provider, with its limits, in the table of settings', () => {
  const rows = sectionOf('docs/settings.md', '# Settings and variables').split('\n');
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
  const models = read('docs/models.md');
  expect(options.filter(name => !models.includes(`\`${name}`))).toEqual([]);
  const said = /; (`forceSampling`[^;]*) are in the \[table of settings by family\]/.exec(models)?.[1] ?? '';
  const names = [...said.matchAll(/`(\w+)`/g)].map(([, name = '']) => name);
  expect(names.length).toBeGreaterThan(7);
  const table = sectionOf('docs/body-rules.md', '## Settings by model family');
  expect(names.filter(name => !table.includes(`\`${name}`))).toEqual([]);
});

it('docs/errors.md has each code of an answer that is an error, and whether it is retried', () => {
  const union = /^export type KimiAPIErrorCode =\n([\s\S]*?);$/m.exec(read('src/errors/kimi-api-error.ts'))?.[1] ?? '';
  const codes = [...union.matchAll(/'(KIMI_[A-Z_]+)'/g)].map(([, code]) => code as string);
  const rows = [...read('docs/errors.md').matchAll(/^\| (`KIMI_[^|]*) \|[^|]*\| ([^|]*) \|$/gm)];
  const retried = new Map(
    rows.flatMap(([, names = '', answer = '']) =>
      [...names.matchAll(/`(\w+)`/g)].map(([, code]) => [code as string, answer] as const),
    ),
  );
  expect([...retried.keys()].toSorted()).toEqual(codes.toSorted());
  const wrong = KIMI_ERROR_TABLE.filter(
    ({ code, retryable }) => retried.get(code)?.startsWith('yes') !== (retryable === true),
  );
  expect(wrong).toEqual([]);
});

it('says of no store that it keeps logins apart that the contract of stores does not prove it of', () => {
  const signIn = read('docs/sign-in.md');
  expect(signIn).toContain('never share a place, whatever the store');
  const start = signIn.indexOf('| Store | Where |');
  const table = signIn.slice(start, signIn.indexOf('\n\n', start));
  const stores = [...new Set(table.match(/\b\w+CredentialStore(?=\()/g))];
  expect(stores.length).toBeGreaterThan(7);
  const folder = new URL('credentials/', import.meta.url);
  const tests = readdirSync(folder).map(name => readFileSync(new URL(name, folder), 'utf8'));
  const proved = tests.flatMap(text => text.match(/(?<=describeCredentialStore\(\s*['`])\w+/g) ?? []);
  // Those keep nothing of their own: a variable, or the store around which they stand.
  const others = ['environmentCredentialStore', 'seededCredentialStore'];
  expect(stores.filter(store => !proved.includes(store) && !others.includes(store))).toEqual([]);
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
