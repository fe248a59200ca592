/** What only GitHub runs: that it names what is there, and that one script says whose repository it is. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { parse } from 'yaml';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SET_OWNER = path.join(ROOT, '.ci/set-owner.mjs');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
const manifest = JSON.parse(read('package.json')) as Record<'scripts', Record<string, string>> & {
  repository: { url: string };
};

type Step = { uses?: string; run?: string; with?: Record<string, unknown> };
type Workflow = { permissions: unknown; jobs: Record<string, { 'timeout-minutes': number; steps: Step[] }> };

const workflows = readdirSync(path.join(ROOT, '.github/workflows'));

it.each(workflows)('%s: runs only what is there, with a limit of time, and may do only what it says', name => {
  const { permissions, jobs } = parse(read(`.github/workflows/${name}`)) as Workflow;
  expect(permissions).toBeDefined();
  for (const { steps, 'timeout-minutes': minutes } of Object.values(jobs)) {
    expect(minutes).toBeGreaterThan(0);
    for (const { run = '', uses = '@v', with: inputs = {} } of steps) {
      expect(uses).toContain('@v');
      const commands = [run, ...Object.values(inputs).map(String)].join('\n');
      for (const [, script = ''] of commands.matchAll(/npm run (?:--silent )?([\w:-]+)/g)) {
        expect(Object.keys(manifest.scripts)).toContain(script);
      }
      for (const [file] of commands.matchAll(/\.ci\/[\w.-]+/g)) {
        expect(existsSync(path.join(ROOT, file)), file).toBe(true);
      }
    }
  }
});

it('a script names only files and packages that are there', () => {
  for (const [file] of Object.values(manifest.scripts)
    .join('\n')
    .matchAll(/(?:\.ci|bench|upstream|chaos|test)\/\S+/g)) {
    expect(existsSync(path.join(ROOT, file)), file).toBe(true);
  }
});

it.each(['bug.yml', 'upstream.yml'])('the form %s asks for what is needed', name => {
  const form = parse(read(`.github/ISSUE_TEMPLATE/${name}`)) as { name: string; description: string; body: unknown[] };
  expect(form.name && form.description).toBeTruthy();
  expect(form.body).toContainEqual(expect.objectContaining({ validations: { required: true } }));
});

it('a fault is told with the report of doctor', () => {
  expect(read('.github/ISSUE_TEMPLATE/bug.yml')).toContain('npx ai-sdk-provider-kimi doctor --report');
});

it('whose repository this is stands in one name, which a script changes', () => {
  const copy = mkdtempSync(path.join(tmpdir(), 'kimi-owner-'));
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: copy, encoding: 'utf8' });
  const owners = (): string[] =>
    git('grep', '-hoE', 'github[.]com/[A-Za-z0-9-]+/ai-sdk-provider-kimi').split('\n').filter(Boolean);
  try {
    // In a container the folder may be another user's.
    execFileSync('git', ['-c', 'safe.directory=*', 'checkout-index', '--all', `--prefix=${copy}/`], { cwd: ROOT });
    git('init', '--quiet');
    git('add', '.');
    const before = owners();
    expect(before.length).toBeGreaterThan(3);
    expect(new Set(before)).toEqual(new Set([new URL(manifest.repository.url.slice(4)).href.slice(8, -4)]));
    execFileSync(process.execPath, [SET_OWNER, 'somebody-else'], { cwd: copy });
    expect(owners()).toEqual(before.map(place => place.replace(/\/[^/]+\//, '/somebody-else/')));
  } finally {
    rmSync(copy, { recursive: true });
  }
});
