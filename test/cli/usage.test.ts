import { describe, expect, it, test } from 'vitest';
import { EXIT_CODES, Interruption } from '../../src/cli/failures';
import { openTerminal, type Screen } from '../../src/cli/terminal';
import { showBalance, showUsage } from '../../src/cli/usage-view';
import { readPlanUsage } from '../../src/account/plan-usage';
import { shortenHomes, timeUntil } from '../../src/cli/wording';
import { Writable } from 'node:stream';
import { json, KEY, lines, restart, run, simulator } from './command-harness';
import { TerminalScreen } from './terminal-screen';

const key = { KIMI_API_KEY: KEY };
/** Of this machine's zone, in which people are told times. */
const local = (...parts: [year: number, month: number, day: number, hour: number, minute: number]): string =>
  new Date(...parts).toISOString();

const NOW = Date.parse(local(2026, 10, 26, 21, 49));
const BODY = {
  usages: {
    limit_5h: { used_ratio: 0.42, reset_time: local(2026, 10, 26, 23, 49) },
    limit_7d: { used_ratio: 1, reset_time: local(2026, 10, 29, 23, 49) },
    limit_month_total: { used_ratio: 0.001, reset_time: local(2026, 10, 26, 21, 0) },
    limit_month_code: { reset_time: local(2026, 11, 16, 0, 0) },
  },
  totalQuota: { limit: '10', used: '8' },
  parallel: { limit: '30' },
  boosterWallet: {
    balance: { type: 'BOOSTER', amount: '20000000000', amountLeft: '10000000000' },
    monthlyChargeLimit: { priceInCents: '20000' },
    monthlyUsed: { priceInCents: '5000' },
  },
};

/** What a terminal of this width gets. */
function drawn(columns: number, environment: Record<string, string> = {}, platform: NodeJS.Platform = 'linux'): string {
  let text = '';
  const stdout = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  Object.assign(stdout, { isTTY: true, columns });
  const { output } = openTerminal({ stdout, stderr: stdout, environment: { ...environment }, platform });
  showUsage(output, { ...readPlanUsage(BODY, NOW), membership: undefined }, NOW);
  return text;
}

describe('what people see', () => {
  it('at 80 columns', () => {
    expect(drawn(80, { NO_COLOR: '1' })).toBe(
      [
        'Kimi Code',
        '  5 hours       ████████░░░░░░░░░░░░  42 %  fresh in 2 h, 23:49',
        '  7 days        ████████████████████ 100 %  fresh in 3 days, Sun 29 Nov 23:49',
        '  Month         █░░░░░░░░░░░░░░░░░░░  <1 %  fresh now',
        '  Month, Code   not known  fresh in 19 days, Wed 16 Dec 00:00',
        '  Add-on packs  ████████████████░░░░  80 %',
        '  Extra usage  100.00 of 200.00 USD left',
        '  This month   50.00 of 200.00 USD used',
        '  At once      30 requests',
        '',
      ].join('\n'),
    );
  });

  it('at 40 columns, in the signs of an old console', () => {
    expect(drawn(40, { NO_COLOR: '1' }, 'win32')).toBe(
      [
        'Kimi Code',
        '  5 hours       #######----------  42 %',
        '                fresh in 2 h, 23:49',
        '  7 days        ################# 100 %',
        '                fresh in 3 days, Sun 29',
        '                Nov 23:49',
        '  Month         #----------------  <1 %',
        '                fresh now',
        '  Month, Code   not known',
        '                fresh in 19 days, Wed 16',
        '                Dec 00:00',
        '  Add-on packs  ##############---  80 %',
        '  Extra usage  100.00 of 200.00 USD left',
        '  This month   50.00 of 200.00 USD used',
        '  At once      30 requests',
        '',
      ].join('\n'),
    );
  });

  it('in colours', () => {
    const coloured = drawn(80);
    expect(coloured).toContain('\u001b[31m████████████████████\u001b[39m');
    expect(coloured).toContain('\u001b[32m████████\u001b[39m');
  });

  test.each([20, 30, 39, 40, 63, 64, 80, 200])('no line is wider than %i columns', columns => {
    // Below 30 a row has no room for its bar.
    const widest = Math.max(
      ...drawn(columns, { NO_COLOR: '1' })
        .split('\n')
        .map(({ length }) => length),
    );
    expect(widest).toBeLessThanOrEqual(Math.max(30, columns));
  });

  test.each([
    [45_000, 'in 45 s, 21:49'],
    [7_200_000, 'in 2 h, 23:49'],
    [10_800_000, 'in 3 h, Fri 27 Nov 00:49'],
    [-1, 'now'],
  ])('%i ms', (milliseconds, words) => {
    expect(timeUntil(new Date(NOW + milliseconds), NOW)).toBe(words);
  });
});

describe('usage', () => {
  it('shows the plan, and as JSON null for what is unknown', async () => {
    await restart({ quota: { weekly: 4 } });
    simulator.quota.weekly.used = 3;
    const { code, plain } = await run('usage', { env: key, columns: 80 });
    expect(code).toBe(0);
    expect(plain).toContain('Kimi Code, Allegretto');
    expect(plain).toMatch(/7 days +█+░+ +75 % {2}fresh in 7 days/);
    const found = json(await run('usage --json', { env: key }));
    expect(found).toMatchObject({
      service: 'coding',
      account: 'default',
      weekly: { usedRatio: 0.75, statements: [{ from: 'usages.limit_7d' }] },
      membership: { name: 'Allegretto' },
      boosterWallet: null,
      parallelLimit: null,
    });
  });

  it('works with a login', async () => {
    await run('login');
    expect(await run('usage')).toMatchObject({ code: 0, stderr: '' });
  });

  test.each([
    ['nobody is signed in', {}, EXIT_CODES.loginRequired],
    ['the key is bad', { KIMI_API_KEY: 'sk-kimi-bad' }, EXIT_CODES.loginRequired],
  ])('ends with 3 where %s', async (_, env, code) => {
    expect(await run('usage', { env })).toMatchObject({ code, stdout: '' });
  });

  it('says where it is not available', async () => {
    simulator.fault({ match: { path: '/usages' }, status: 404, body: {} });
    const { code, stderr } = await run('usage', { env: key });
    expect(code).toBe(1);
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain('not available on this platform or host');
  });

  it('shows a balance', () => {
    let text = '';
    const stdout = new Writable({ write: (chunk, _encoding, done) => ((text += String(chunk)), done()) });
    const { output } = openTerminal({ stdout, stderr: stdout, environment: {}, platform: 'linux' });
    showBalance(output, { currency: 'CNY', available: 0, voucher: 0, cash: -31.14918 }, 'https://console.example');
    expect(text).toBe(
      [
        'Moonshot platform',
        '  Available  0.00 CNY',
        '  Vouchers   0.00 CNY',
        '  Cash       -31.15 CNY',
        '⚠ Nothing is left to spend, so requests are refused. Top it up at',
        '  https://console.example.',
        '',
      ].join('\n'),
    );
  });
});

describe('--watch', () => {
  /** Runs until `isEnough`, then presses Ctrl-C. */
  const watching = async (command: string, isEnough: (text: string) => boolean, columns?: number) => {
    const ending = new AbortController();
    return run(command, {
      env: key,
      columns,
      abortSignal: ending.signal,
      onOutput: text => isEnough(text) && ending.abort(new Interruption('Interrupted.', EXIT_CODES.interrupted)),
    });
  };

  it('draws on a terminal, and Ctrl-C ends it cleanly', async () => {
    const { code, plain, stderr } = await watching('usage --watch', text => text.includes('Ctrl-C ends it.'), 80);
    expect(code).toBe(130);
    expect(plain.endsWith('\n')).toBe(true);
    expect(stderr).toContain('Interrupted.');
  });

  it('writes one line a change into a pipe', async () => {
    const { code, stdout } = await watching('usage --watch', text => text.includes('\n'));
    expect(code).toBe(130);
    expect(stdout).toMatch(/^\d{4}-\d\d-\d\dT[\d:]{8}Z 5 hours: 0 %, 7 days: 0 %, Month: 0 %, Month, Code: 0 %\n$/);
  });

  it('writes one object a change with --json', async () => {
    const result = await watching('usage --watch --json', text => text.includes('\n'));
    expect(lines(result)[0]).toMatchObject({ at: expect.any(String) as string, weekly: { usedRatio: 0 } });
  });

  it('draws over what it drew, and tells what has passed', async () => {
    let text = '';
    const stdout = new Writable({ write: (chunk, _encoding, done) => ((text += String(chunk)), done()) });
    Object.assign(stdout, { isTTY: true, columns: 40 });
    const { output } = openTerminal({ stdout, stderr: stdout, environment: { NO_COLOR: '1' }, platform: 'linux' });
    const page = output.page();
    page?.(screen => {
      screen.line('one');
      screen.line('x'.repeat(41));
    });
    page?.(screen => screen.line('two'));
    const [up, end] = ['\u001b[1G\u001b[3A', '\u001b[0J'];
    expect(text.replaceAll('\u001b[0K', '')).toBe(`one\n${'x'.repeat(41)}\n${end}${up}two\n${end}`);
    expect(TerminalScreen.of(text.replaceAll('\n', '\r\n'), { columns: 40, rows: 9 })).toMatchObject({
      shown: ['two'],
      scrolledOut: [],
    });
  });

  it('leaves out the end of the body where the window is too low, and counts rows by the width of now', () => {
    let text = '';
    const window = { isTTY: true, columns: 40, rows: 4 };
    const stdout = Object.assign(
      new Writable({ write: (chunk, _encoding, done) => ((text += String(chunk)), done()) }),
      window,
    );
    const { output } = openTerminal({ stdout, stderr: stdout, environment: { NO_COLOR: '1' }, platform: 'linux' });
    const page = output.page();
    const body = (screen: Screen) => ['one', 'two', 'three'].forEach(line => screen.line(line));
    page?.(body, screen => screen.line('y'.repeat(35)));
    expect(TerminalScreen.of(text.replaceAll('\n', '\r\n'), window)).toMatchObject({
      shown: ['one', 'two', 'y'.repeat(35)],
      scrolledOut: [],
    });
    stdout.columns = 30;
    text = '';
    page?.(body, screen => ['a', 'b', 'c', 'd'].forEach(line => screen.line(line)));
    expect(text.replaceAll('\u001b[0K', '')).toBe('\u001b[1G\u001b[4Ab\nc\nd\n\u001b[0J');
  });

  test.each(['4', 'often', '-1'])('takes no interval of %s', async value => {
    expect((await run(['usage', '--watch', `--interval=${value}`], { env: key })).code).toBe(2);
  });
});

it.skipIf(process.platform === 'win32')(
  'a place in the home is short, but not in a command, where no shell would find it',
  () => {
    expect(shortenHomes('/home/a/x is open: chmod 600 "/home/a/x", not /home/ab', '/home/a')).toBe(
      '~/x is open: chmod 600 "/home/a/x", not /home/ab',
    );
  },
);
