import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SIMULATOR_RULES } from '../../src/simulator/index';

let folder: string;
let program: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kimi-simulator-cli-'));
  program = join(folder, 'cli.mjs');
  await build({
    entryPoints: ['src/simulator/cli.ts'],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (...options: string[]) => spawnSync(process.execPath, [program, ...options], { encoding: 'utf8' });

test('--rules prints every row within 100 columns, --json the same as data', () => {
  const { stdout, status } = run('--rules');
  expect(status).toBe(0);
  expect(stdout.split('\n').filter(line => line.length > 100)).toEqual([]);
  for (const { rule, source } of SIMULATOR_RULES) {
    expect(stdout).toMatch(new RegExp(`^${rule} `, 'm'));
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(source.replaceAll(/\s+/g, ' '));
  }
  expect(JSON.parse(run('--rules', '--json').stdout)).toEqual(JSON.parse(JSON.stringify(SIMULATOR_RULES)));
});

test('it starts, says how to reach it, serves, and stops on a signal', async () => {
  const child = spawn(process.execPath, [program, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<{ code: number | null; signal: string | null }>(resolve =>
    child.once('exit', (code, signal) => resolve({ code, signal })),
  );
  let output = '';
  for await (const bytes of child.stdout) {
    output += String(bytes);
    if (output.includes('sk-simulator')) {
      break;
    }
  }
  const url = /^KIMI_CODE_OAUTH_HOST=(\S+)$/m.exec(output)?.[1] ?? '';
  expect(output).toContain(`KIMI_CODE_BASE_URL=${url}/coding/v1`);
  const models = await fetch(`${url}/coding/v1/models`, { headers: { authorization: 'Bearer sk-kimi-simulator' } });
  expect(models.status).toBe(200);
  await models.text();
  child.kill('SIGTERM');
  expect(await ended).toEqual({ code: 0, signal: null });
});

test.each([
  [['--port', 'x'], /--port takes a number/],
  [['--gate', 'x'], /--gate takes known-agents, named or off/],
  [['--nonsense'], /--nonsense/],
])('%j is an error with one line', (options, message) => {
  const { status, stderr } = run(...options);
  expect(status).toBe(1);
  expect(stderr).toMatch(message);
  expect(stderr).not.toContain('at main');
});

test('--help', () => {
  expect(run('--help').stdout).toContain('Usage: npm run simulator');
});
