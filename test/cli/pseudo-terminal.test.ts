import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { testServices } from '../support/test-services';
import { bundleCLI } from './bundle-cli';
import { hasPseudoTerminal, openPseudoTerminal, type PseudoTerminal } from './pseudo-terminal';
import { environmentFor, UNSET } from './run-in-process';
import type { TerminalScreen } from './terminal-screen';

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
    simulator = await startKimiSimulator({ deviceInterval: 1, quota: { weekly: 10 } });
    environment = { ...process.env, ...environmentFor(simulator) };
    UNSET.forEach(name => delete environment[name]);
  });
  afterEach(async () => {
    terminals.splice(0).forEach(({ child }) => child.kill('SIGKILL'));
    await simulator.close();
  });
  const open = (
    argv: string[],
    { columns = 80, rows, env = {} }: { columns?: number; rows?: number; env?: Record<string, string> } = {},
  ) => {
    const terminal = openPseudoTerminal([cli.program, ...argv], { columns, rows, env: { ...environment, ...env } });
    terminals.push(terminal);
    return terminal;
  };
  const left = () =>
    existsSync(environment.KIMI_PROVIDER_HOME ?? '')
      ? readdirSync(environment.KIMI_PROVIDER_HOME ?? '').filter(name => name !== 'device_id' && name !== 'cache')
      : [];

  describe('usage --watch', () => {
    /** Wide, narrow, and too low for the page. */
    const SIZES = [
      { columns: 80, rows: 24 },
      { columns: 40, rows: 24 },
      { columns: 40, rows: 8 },
    ];
    const watching = async () => {
      const opened = SIZES.map(size => ({
        ...size,
        ...open(['usage', '--interval', '5'], { ...size, env: { KIMI_API_KEY: KEY } }),
      }));
      await until(opened, text => /As of .*q ends it\./.test(text));
      return opened;
    };
    const textOf = ({ shown }: TerminalScreen) => shown.join(' ').replaceAll(/ +/g, ' ');
    const until = async (opened: PseudoTerminal[], isSo: (text: string) => boolean) => {
      await Promise.all(opened.map(terminal => terminal.until(screen => isSo(textOf(screen)))));
    };
    const count = (text: string, word: string): number => text.split(word).length - 1;

    it('draws in one place what changes, through an error and whatever is typed, and q ends it well', async () => {
      const opened = await watching();
      opened.forEach(({ type }) => type('abc\r\r\x1b[A'));
      simulator.fault({ match: { path: '/usages' }, status: 503, times: 1_000 });
      await until(opened, text => text.includes('(HTTP 503)'));
      simulator.reset();
      simulator.quota.weekly.used = simulator.quota.weekly.limit / 2;
      await until(opened, text => text.includes(' 50 %') && !text.includes('HTTP'));
      opened.forEach(({ type }) => type('q'));
      expect(await Promise.all(opened.map(({ ended }) => ended))).toEqual(opened.map(() => 0));
      for (const { screen, columns, rows } of opened) {
        const { scrolledOut, shown } = screen();
        const text = shown.join(' ');
        expect({ columns, rows, scrolledOut }).toEqual({ columns, rows, scrolledOut: [] });
        expect([count(text, 'Kimi Code,'), count(text, '7 days '), count(text, 'As of')]).toEqual([1, 1, 1]);
        expect(text).not.toMatch(/abc|\^/);
        expect(shown.length).toBeLessThan(rows);
        expect(Math.max(...shown.map(({ length }) => length))).toBeLessThanOrEqual(columns);
      }
    }, 60_000);

    it('Ctrl-C ends it with 130, below the page, and what needs a person by itself', async () => {
      const [wide, narrow] = await watching();
      wide?.type('\x03');
      expect(await wide?.ended).toBe(130);
      expect(wide?.screen().shown.slice(-2)).toEqual([expect.stringContaining('As of'), '✖ Interrupted.']);
      simulator.fault({ match: { path: '/usages' }, status: 401, times: 1_000 });
      expect(await narrow?.ended).toBe(3);
      expect(narrow?.screen().shown.join(' ')).toMatch(/As of [^✖]*✖ .*does not accept/);
    }, 60_000);
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
    simulator.script({ text: 'one\n\ntwo three four five six seven', chunkDelayMs: 200 });
    const terminal = open(['ask', 'x'], { env: { KIMI_API_KEY: KEY } });
    await terminal.shown(/^one/m);
    terminal.type('\x03');
    expect(await terminal.ended).toBe(130);
    expect(terminal.text()).toMatch(/^one\n(\^C)?\n?[a-z ]*\n?✖ Interrupted\.\n$/);
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
