import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { testServices } from '../support/test-services';
import { bundleCLI } from './bundle-cli';
import { hasPseudoTerminal, openPseudoTerminal, type PseudoTerminal } from './pseudo-terminal';
import { environmentFor, UNSET } from './run-in-process';

const KEY = 'sk-kimi-simulator';

// Runs wherever `script` is; with TEST_SERVICES=pty also where it is not, to fail there.
describe.skipIf(!hasPseudoTerminal && !testServices.has('pty'))('in a real terminal (needs pty)', () => {
  let cli: Awaited<ReturnType<typeof bundleCLI>>;
  let simulator: KimiSimulator;
  let environment: NodeJS.ProcessEnv;
  const terminals: PseudoTerminal[] = [];
  beforeAll(async () => {
    cli = await bundleCLI();
  });
  afterAll(() => cli.dispose());
  beforeEach(async () => {
    simulator = await startKimiSimulator({ deviceInterval: 1 });
    environment = { ...process.env, ...environmentFor(simulator) };
    UNSET.forEach(name => delete environment[name]);
  });
  afterEach(async () => {
    terminals.splice(0).forEach(({ child }) => child.kill('SIGKILL'));
    await simulator.close();
  });
  const open = (
    argv: string[],
    { columns = 80, env = {} }: { columns?: number; env?: Record<string, string> } = {},
  ) => {
    const terminal = openPseudoTerminal([cli.program, ...argv], { columns, env: { ...environment, ...env } });
    terminals.push(terminal);
    return terminal;
  };
  const left = () =>
    existsSync(environment.KIMI_PROVIDER_HOME ?? '')
      ? readdirSync(environment.KIMI_PROVIDER_HOME ?? '').filter(name => name !== 'device_id' && name !== 'cache')
      : [];

  it.each([80, 40])('watches usage at %i columns, and leaves the terminal as it was', async columns => {
    const terminal = open(['usage', '--watch'], { columns, env: { KIMI_API_KEY: KEY } });
    await terminal.shown(/Looked at[\s\S]*ends it\./);
    const page = terminal.text();
    expect(page).toMatch(/5 hours +░+ +0 %/);
    expect(Math.max(...page.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(columns);
    terminal.type('\x03');
    expect(await terminal.ended).toBe(130);
    expect(terminal.raw().lastIndexOf('\x1b[?25h')).toBeGreaterThanOrEqual(terminal.raw().lastIndexOf('\x1b[?25l'));
  });

  it('signs in: code, address, QR code, spinner, and the cursor is back', async () => {
    const terminal = open(['login']);
    const code = await terminal.shown(/Code {2}(\S+)\n/);
    await terminal.shown(/Waiting for you/);
    expect(terminal.text()).toContain('█▀▀▀▀▀▀▀█');
    expect(terminal.raw()).toContain('\x1b[?25l');
    simulator.approve(code);
    expect(await terminal.ended).toBe(0);
    expect(terminal.text()).toContain('✔ Signed in to Kimi.');
    expect(terminal.text()).not.toContain('Waiting for you');
    expect(terminal.raw().lastIndexOf('\x1b[?25h')).toBeGreaterThan(terminal.raw().lastIndexOf('\x1b[?25l'));
    expect(left()).toEqual([expect.stringMatching(/^default-\w+\.json$/)]);
    const saved = JSON.parse(
      readFileSync(path.join(environment.KIMI_PROVIDER_HOME ?? '', left()[0] ?? ''), 'utf8'),
    ) as { accessToken: string; refreshToken: string };
    expect([saved.accessToken, saved.refreshToken].filter(secret => terminal.raw().includes(secret))).toEqual([]);
  });

  it('Ctrl-C while it waits ends with 130, gives the cursor back and leaves nothing behind', async () => {
    const terminal = open(['login']);
    await terminal.shown(/Waiting for you/);
    terminal.type('\x03');
    expect(await terminal.ended).toBe(130);
    expect(terminal.text()).toContain('✖ Interrupted.');
    expect(terminal.raw().lastIndexOf('\x1b[?25h')).toBeGreaterThan(terminal.raw().lastIndexOf('\x1b[?25l'));
    expect(left()).toEqual([]);
    const polls = simulator.counts.tokenPolls;
    expect(await open(['status']).ended).toBe(3);
    expect(simulator.counts.tokenPolls).toBe(polls);
  });

  it('Ctrl-C in mid-answer ends the line and ends with 130', async () => {
    simulator.script({ text: 'one two three four five six seven', chunkDelayMs: 200 });
    const terminal = open(['ask', 'x'], { env: { KIMI_API_KEY: KEY } });
    await terminal.shown(/^one/m);
    terminal.type('\x03');
    expect(await terminal.ended).toBe(130);
    expect(terminal.text()).toMatch(/^one[a-z ]*(\^C)?[a-z ]*\n✖ Interrupted\.\n$/);
    expect(terminal.text()).not.toContain('seven');
  });

  it('asks for a key without showing it', async () => {
    const terminal = open(['login', '--api-key']);
    await terminal.shown(/Key from https:\/\/www\.kimi\.com\/code\/console \(not shown\): /);
    terminal.type(`${KEY}\r`);
    expect(await terminal.ended).toBe(0);
    expect(terminal.raw()).not.toContain(KEY);
    expect(terminal.text()).toContain('✔ The key is saved.');
  });

  it('Ctrl-C at the key ends with 130 and saves nothing', async () => {
    const terminal = open(['login', '--api-key']);
    await terminal.shown(/not shown/);
    terminal.type('sk-kimi-half\x03');
    expect(await terminal.ended).toBe(130);
    expect(left()).toEqual([]);
  });

  it('keeps the token off the screen', async () => {
    const terminal = open(['token'], { env: { KIMI_API_KEY: KEY } });
    expect(await terminal.ended).toBe(2);
    expect(terminal.raw()).not.toContain(KEY);
  });

  it('fits a narrow window: no line is wider than 40 columns but addresses and paths', async () => {
    const login = open(['login'], { columns: 40 });
    simulator.approve(await login.shown(/Code {2}(\S+)\n/));
    expect(await login.ended).toBe(0);
    for (const argv of [['status'], ['models'], ['doctor', '--chat'], ['logout'], ['status'], ['ask', 'hi']]) {
      const terminal = open(argv, { columns: 40 });
      await terminal.ended;
      const wide = terminal
        .text()
        .split('\n')
        .filter(line => line.length > 40 && !/^\s*\S+$/.test(line));
      expect({ argv, wide }).toEqual({ argv, wide: [] });
    }
    expect(
      login
        .text()
        .split('\n')
        .filter(line => line.length > 40 && !/^\s*\S+$/.test(line)),
    ).toEqual([]);
  });

  it('has colour on a terminal, and none with NO_COLOR or TERM=dumb', async () => {
    const colour = /\x1b\[\d+m/; // oxlint-disable-line no-control-regex -- colours
    const terminal = open(['status']);
    await terminal.ended;
    expect(terminal.raw()).toMatch(colour);
    const plain = open(['status'], { env: { NO_COLOR: '1' } });
    await plain.ended;
    expect(plain.raw()).not.toMatch(colour);
  });
});
