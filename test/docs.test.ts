/** What README and docs/ show is there: links and anchors, code, commands, variables; what is said twice is the same. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { EXIT_CODES } from '../src/cli/failures';
import { COMMANDS } from '../src/cli/run-cli';
import { MODEL_ROWS } from '../src/models/model-rows';
import { repository, scripts } from '../package.json';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
const listed = (...patterns: string[]): string[] =>
  execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', ...patterns], {
    cwd: ROOT,
    encoding: 'utf8',
  })
    .split('\0')
    .filter(file => file !== '' && existsSync(path.join(ROOT, file)));

const OWN = `${repository.url.slice('git+'.length, -'.git'.length)}/`;
const ALL = listed('*.md', '*.mdx').filter(file => !/^(\.changeset|CHANGELOG|api)/.test(file));
/** What users read: all but facts and decisions. */
const SHOWN = ALL.filter(file => /^(README|docs\/)/.test(file) && !/^docs\/(wire|decisions)\.md$/.test(file));

/** Blocks of code with their language; the prose without them. */
function parts(text: string): { blocks: { language: string; code: string }[]; prose: string } {
  const fence = /^```(\w*)[^\n]*\n([\s\S]*?)^```$/gm;
  return {
    blocks: [...text.matchAll(fence)].map(([, language = '', code = '']) => ({ language, code })),
    prose: text.replace(fence, ''),
  };
}

/** The anchors that GitHub gives the headings of a file; of one heading twice, the second has a number. */
function anchorsOf(file: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of parts(read(file)).prose.matchAll(/^#+ (.*)$/gm)) {
    const anchor = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_\- ]/gu, '')
      .replaceAll(' ', '-');
    for (let number = 0; ; number++) {
      const name = number === 0 ? anchor : `${anchor}-${number}`;
      if (!anchors.has(name)) {
        anchors.add(name);
        break;
      }
    }
  }
  return anchors;
}

/** Links and pictures of Markdown and HTML. */
const linksOf = (file: string): string[] =>
  [...parts(read(file)).prose.matchAll(/\]\((?!#L)([^)\s]+)\)|(?:src|href|srcset)="([^"]+)"/g)].map(
    ([, link, attribute]) => (link ?? attribute) as string,
  );

/** Where a link into this repository leads; `undefined` for the rest of the world. */
function targetOf(link: string, from: string): { file: string; anchor: string | undefined } | undefined {
  // What begins with a slash is of ai-sdk.dev, in the page in its form.
  if (/^(?:(https?|mailto):|\/)/.test(link) && !link.startsWith(OWN)) {
    return undefined;
  }
  const [place = '', anchor] = link.replace(OWN, '').split('#');
  const inside = link.startsWith(OWN)
    ? /^(?:blob|tree|raw)\/main\/(.*)$/.exec(place)?.[1]
    : path.posix.join(path.posix.dirname(from), place);
  // Pages of the repository that are no files: issues, releases.
  return inside === undefined ? undefined : { file: place === '' ? from : inside, anchor };
}

it.each(ALL)('%s: links lead to what is there', file => {
  const dead = linksOf(file).filter(link => {
    const target = targetOf(link, file);
    return (
      target !== undefined &&
      (!existsSync(path.join(ROOT, target.file)) ||
        (target.anchor !== undefined && !anchorsOf(target.file).has(target.anchor)))
    );
  });
  expect(dead).toEqual([]);
});

it('a dead link is found', () => {
  expect(targetOf('errors.md#nowhere', 'docs/faq.md')).toEqual({ file: 'docs/errors.md', anchor: 'nowhere' });
  expect(targetOf(`${OWN}blob/main/AGENTS.md#to-add`, 'README.md')).toEqual({ file: 'AGENTS.md', anchor: 'to-add' });
  expect(anchorsOf('docs/errors.md').has('when-something-is-wrong')).toBe(true);
  expect(anchorsOf('docs/errors.md').has('nowhere')).toBe(false);
});

it('everything in docs/ is led to from README, by one step or two', () => {
  const reached = new Set(['README.md']);
  for (const file of reached) {
    linksOf(file)
      .map(link => targetOf(link, file)?.file)
      .filter(target => target !== undefined && /\.mdx?$/.test(target) && existsSync(path.join(ROOT, target)))
      .forEach(target => reached.add(target as string));
  }
  expect(ALL.filter(file => file.startsWith('docs/') && !reached.has(file))).toEqual([]);
});

describe('code that is shown', () => {
  const sources = listed('examples').filter(file => /\.(tsx?|jsonl?)$/.test(file));
  const texts = sources.map(read);
  const indented = (code: string, depth: number) => code.replace(/^(?=.)/gm, ' '.repeat(depth));

  it.each(SHOWN)('%s: is a part of an example, which is run', file => {
    const snippets = parts(read(file)).blocks.filter(({ language }) => /^(tsx?|jsx?|jsonl?)$/.test(language));
    const strange = snippets.filter(
      ({ code }) => ![0, 2, 4].some(depth => texts.some(text => text.includes(indented(code, depth)))),
    );
    expect(strange.map(({ code }) => code)).toEqual([]);
  });

  it('is shown at all', () => {
    const count = SHOWN.flatMap(file => parts(read(file)).blocks).filter(({ language }) => language === 'ts').length;
    expect(count).toBeGreaterThan(12);
  });
});

describe('commands that are shown', () => {
  const commands = new Map(COMMANDS.map(command => [command.name, command]));

  it.each(SHOWN)('%s: are there, with their flags', file => {
    const text = read(file);
    const wrong: string[] = [];
    for (const [line, name = ''] of text.matchAll(/npx ai-sdk-provider-kimi ([a-z][\w-]*)((?:"[^"\n]*"|[^\n`"])*)/g)) {
      const command = commands.get(name);
      const flags = [...(line.split(' | ')[0] ?? '').matchAll(/(?<=\s)(--[a-z][a-z-]*)/g)].map(([flag]) => flag);
      const known = new Set([
        '--json',
        '--help',
        ...(command?.options ?? []).flatMap(({ long }) => (long ? [long] : [])),
      ]);
      if (command === undefined || (command.takesAllWords !== true && flags.some(flag => !known.has(flag)))) {
        wrong.push(line);
      }
    }
    for (const [line, script = ''] of text.matchAll(/npm run ([\w:-]+)/g)) {
      // Those of an example's own package.json stand beside it.
      if (!(script in scripts) && script !== 'build') {
        wrong.push(line);
      }
    }
    expect(wrong).toEqual([]);
  });

  const cli = read('docs/cli.md');
  const sectionOf = (heading: string) => (cli.split(`\n## ${heading}\n`)[1] ?? '').split('\n## ')[0] ?? '';
  const flagsIn = (text: string) =>
    [...text.matchAll(/^\| `(-[^`]+)`/gm)].map(([, flags]) => (flags as string).replaceAll('\\|', '|'));
  const isOfLogin = ({ helpGroupHeading }: { helpGroupHeading?: string | undefined }) => helpGroupHeading !== undefined;

  it.each([...commands.values()].map(command => ({ name: command.name, command })))(
    'docs/cli.md has the flags of $name, and an example that runs it',
    ({ name, command: { options } }) => {
      const section = sectionOf(name);
      expect(flagsIn(section)).toEqual(options.filter(option => !isOfLogin(option)).map(({ flags }) => flags));
      expect(section.includes('(#which-login)')).toBe(options.some(isOfLogin));
      expect(section).toMatch(new RegExp(`ai-sdk-provider-kimi ${name}\\b`));
    },
  );

  it('docs/cli.md has the flags that say which login, and the exit codes', () => {
    const shared = new Set(
      [...commands.values()].flatMap(({ options }) => options.filter(isOfLogin)).map(({ flags }) => flags),
    );
    expect(flagsIn(sectionOf('Which login'))).toEqual([...shared]);
    const codes = [...sectionOf('Exit codes').matchAll(/^\| ([\d, ]+) \|/gm)].flatMap(([, code]) =>
      (code as string).split(', '),
    );
    expect(codes.map(Number)).toEqual(Object.values(EXIT_CODES));
  });

  it('docs/cli.md has a row for each command', () => {
    const rows = [...read('docs/cli.md').matchAll(/^\| `([a-z]+)/gm)].map(([, name]) => name as string);
    expect(rows.filter(name => commands.has(name)).toSorted()).toEqual([...commands.keys()].toSorted());
  });
});

it('docs/settings.md has a row for each variable that is read', () => {
  const codes = new Set(
    listed('src/errors').flatMap(file => [...read(file).matchAll(/'(KIMI_[A-Z_]+)'/g)].map(([, code]) => code)),
  );
  // The one word that is both.
  codes.delete('KIMI_CREDENTIAL_STORE');
  const names = listed('src')
    .filter(file => !file.startsWith('src/simulator/'))
    .flatMap(file => {
      const text = read(file);
      return [
        ...[...text.matchAll(/[eE]nv(?:ironment)?\.([A-Z][A-Z_]{3,})\b/g)].map(([, name]) => name as string),
        ...[...text.matchAll(/'((?:KIMI|MOONSHOT)_[A-Z_]+)'/g)].map(([, name]) => name as string),
      ];
    });
  const variables = new Set(names.filter(name => /^(KIMI|MOONSHOT|XDG)_/.test(name) && !codes.has(name)));
  // Of the desktop, not of this package.
  variables.delete('XDG_RUNTIME_DIR');
  expect(variables).toContain('KIMI_CODE_OAUTH_HOST');
  expect(variables).toContain('MOONSHOT_BASE_URL');
  const text = read('docs/settings.md');
  const table = text.slice(text.indexOf('| Variable |'));
  expect([...variables].filter(name => !table.includes(`\`${name}\``))).toEqual([]);
  const told = [...table.matchAll(/`((?:KIMI|MOONSHOT)_[A-Z_]+)`/g)].map(([, name]) => name as string);
  expect(told.filter(name => !variables.has(name))).toEqual([]);
});

it.each([
  { english: 'README.md', chinese: 'README.zh-CN.md' },
  { english: 'docs/sign-in.md', chinese: 'docs/sign-in.zh-CN.md' },
])('$chinese shows the same code and commands as $english, and leads to it', ({ english, chinese }) => {
  const code = (file: string) => parts(read(file)).blocks;
  expect(code(chinese)).toEqual(code(english));
  const words = (file: string) => new Set(read(file).match(/\b(?:KIMI|MOONSHOT)_[A-Z_]+\b|\w+CredentialStore\(/g));
  expect(words(chinese)).toEqual(words(english));
  expect(linksOf(chinese).some(link => link === path.basename(english) || link === `${OWN.slice(0, -1)}#readme`)).toBe(
    true,
  );
});

it('the page in the form of ai-sdk.dev names models that there are, with the inputs that they have', () => {
  const rows = [...read('docs/ai-sdk-community-provider.mdx').matchAll(/^\| `([\w.-]+)`[^|]*\| (<\w+ \/>) *\|/gm)];
  expect(rows.length).toBeGreaterThan(5);
  const known = Object.values(MODEL_ROWS).flat();
  for (const [, id, check] of rows) {
    expect(known.find(row => row.id === id)?.image, id).toBe(check === '<Check />');
  }
});

it('the picture is of commands that there are, and of words that they say', () => {
  const [, text = ''] = /<desc>([\s\S]*?)<\/desc>/.exec(read('docs/images/terminal.svg')) ?? [];
  const commands = [...text.matchAll(/^\$ (.*)$/gm)].map(([, command]) => command as string);
  expect(commands).toEqual([
    'npx ai-sdk-provider-kimi login',
    'node stream-reasoning.ts',
    'npx ai-sdk-provider-kimi usage',
  ]);
  const sources = listed('src/cli').map(read).join('\n');
  for (const words of ['compare the code and confirm', 'Signed in to Kimi.', 'Kept in']) {
    expect(text).toContain(words);
    expect(sources).toContain(words);
  }
});

describe('what is said of others', () => {
  const versionOf = (name: string): string =>
    (JSON.parse(read(`node_modules/${name}/package.json`)) as { version: string }).version;

  it('is of the versions that are installed here, so that a newer one is read again', () => {
    const comparison = read('docs/comparison.md');
    for (const name of ['@ai-sdk/moonshotai', '@ai-sdk/openai-compatible']) {
      expect(comparison).toContain(`/${name}) ${versionOf(name)}`);
    }
    expect(read('docs/migration.md')).toContain(`\`@ai-sdk/moonshotai\` ${versionOf('@ai-sdk/moonshotai')} |`);
  });

  it('names options of @ai-sdk/moonshotai that it has, and that mean the same here', () => {
    const row = /^\| (`reasoningEffort`.*) \| the same names \|$/m.exec(read('docs/migration.md'))?.[1] ?? '';
    const names = [...row.matchAll(/`(\w+)`/g)].map(([, name]) => name as string);
    expect(names.length).toBeGreaterThan(6);
    const theirs = read('node_modules/@ai-sdk/moonshotai/dist/index.d.ts');
    const ours = read('src/engine/options.ts');
    expect(names.filter(name => !theirs.includes(`    ${name}?:`) || !ours.includes(`  ${name}?:`))).toEqual([]);
  });
});
