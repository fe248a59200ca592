import { beforeEach, describe, expect, it } from 'vitest';
import { json, KEY, restart, run, simulator } from './command-harness';

beforeEach(() => void (process.env.KIMI_API_KEY = KEY));

const widest = (text: string): number => Math.max(...text.split('\n').map(line => line.length));

describe('search', () => {
  it('shows what was found to people and pipes', async () => {
    expect(await run('search moon light --limit 1')).toEqual(
      expect.objectContaining({
        code: 0,
        stdout:
          '1. moon light, page 1\n   https://example.com/1?q=moon%20light\n   Site 1, 2026-11-25\n' +
          '   What page 1 says of moon light.\n',
        stderr: '',
      }),
    );
    expect((await run('search moon --content')).stdout).toContain('   All that page 3 says.\n');
  });

  it.each([40, 80])('fits into %i columns', async columns => {
    simulator.web.results = [
      { title: 'word '.repeat(40), snippet: 'a few words '.repeat(40), url: 'https://a.example/' },
    ];
    const { stdout } = await run('search moon', { columns, env: { NO_COLOR: '1' } });
    expect(stdout).toContain('a few words');
    expect(widest(stdout)).toBeLessThanOrEqual(columns);
  });

  it('gives programs all of it', async () => {
    const found = json(await run('search moon --limit 2 --json'));
    expect(found).toEqual({
      query: 'moon',
      results: [expect.objectContaining({ title: 'moon, page 1' }), expect.objectContaining({ siteName: 'Site 2' })],
    });
  });

  it('says that nothing was found', async () => {
    simulator.web.results = [];
    expect(await run('search moon')).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing was found.') });
  });

  it.each([
    [['search'], 'Missing required argument "words"'],
    [['search', ' '], 'nothing to search for'],
    [['search', 'moon', '--limit', '21'], 'a whole number from 1 to 20'],
    [['search', 'moon', '--limit', 'few'], 'a whole number from 1 to 20'],
  ])('%j is usage', async (argv, message) => {
    const { code, stderr } = await run(argv);
    expect(code).toBe(2);
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain(message);
    expect(simulator.counts.searches).toBe(0);
  });

  it.each([
    [401, 3],
    [429, 4],
    [502, 4],
  ])('turns HTTP %i into an exit code and one message', async (status, code) => {
    simulator.fault({ status, body: { error: { message: 'no' } }, times: 9 });
    expect(await run('search moon')).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(/^✖ /) });
    expect(json(await run('search moon --json'))).toMatchObject({ error: { exitCode: code } });
  });
});

describe('fetch', () => {
  it('gives the page as it is', async () => {
    await restart({});
    simulator.web.pages['https://a.example/'] = '# A\n\n| a | table |\n|---|---|\n';
    expect(await run('fetch https://a.example/')).toMatchObject({
      code: 0,
      stdout: '# A\n\n| a | table |\n|---|---|\n',
      stderr: '',
    });
    expect(json(await run('fetch https://a.example/ --json'))).toEqual({
      url: 'https://a.example/',
      text: '# A\n\n| a | table |\n|---|---|\n',
    });
  });

  it('says that a page is empty', async () => {
    simulator.web.pages['https://a.example/'] = '';
    expect(await run('fetch https://a.example/')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('The page has no text.'),
    });
  });

  it.each(['file:///etc/passwd', 'a.example', 'https://user:password@a.example/'])('%s is usage', async url => {
    const { code, stderr } = await run(['fetch', url]);
    expect({ code, asked: simulator.counts.fetches }).toEqual({ code: 2, asked: 0 });
    expect(stderr).toContain('http');
  });
});
