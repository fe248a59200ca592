/** How failures read on a terminal: the server's own words, why, what to run; flags, and no setting of code. */
import { describe, expect, it } from 'vitest';
import { KIMI_ERROR_TABLE } from '../../src/api/error-table';
import { toKimiAPIError } from '../../src/api/api-failure';
import { describeFailure } from '../../src/cli/failures';
import { inFlags } from '../../src/cli/refusal-words';
import { createKimi } from '../../src/v4';
import { KNOWN_ERRORS } from '../api/known-errors';
import { KEY, run, simulator } from './command-harness';

/** What only code can set. */
const SETTINGS = /setting "|" setting|providerOptions|maxOutputTokens|toolChoice|service: '|region: '|createKimi/;

const linesOf = (stderr: string): string[] =>
  // Below the sign, what begins a line of the message stands at the same indent as what goes on: joined by their ends.
  stderr.trimEnd().split('\n');

describe('every refusal that is known', () => {
  it.each(KNOWN_ERRORS.map(known => ({ name: `${known.status} ${known.text.slice(0, 60)}`, known })))(
    '$name',
    ({ known }) => {
      const error = toKimiAPIError(
        { url: 'https://api.kimi.com/coding/v1/chat/completions', requestBodyValues: {}, statusCode: known.status },
        JSON.stringify({ error: { message: known.text, type: known.type } }),
      );
      const { message } = describeFailure(error, { remedy: 'Unset KIMI_API_KEY', flags: ' --account work', now: 0 });
      const lines = message.split('\n');
      expect(lines.length).toBe(3);
      // Ids of accounts are nobody else's affair.
      const said = known.text.replace('org-1234<ak-abcd>', 'org-…<ak-…>');
      const status = `(HTTP ${known.status})`;
      expect(lines[0]).toBe(
        said === '' ? `api.kimi.com refused the request ${status}.` : `api.kimi.com: "${said}" ${status}`,
      );
      expect(lines.slice(1).join(' ')).not.toMatch(SETTINGS);
      // Each of ours is one line of 100 columns at most, addresses aside.
      lines.slice(1).forEach(line => expect(line.replace(/https:\S+/g, '').length).toBeLessThan(110));
    },
  );

  it('has words for each reason of the table', () => {
    const reasons = new Set(KIMI_ERROR_TABLE.map(({ reason }) => reason));
    expect(reasons.size).toBeGreaterThan(30);
  });
});

describe('advice follows the source that won', () => {
  const bad = { env: { KIMI_API_KEY: 'sk-kimi-bad' } };

  it.each(['status', 'models', 'doctor', 'ask hi', 'token --check', 'usage'])(
    'a bad KIMI_API_KEY: %s',
    async command => {
      await run('login');
      const { code, stdout, stderr } = await run(command, bad);
      expect(code).toBe(3);
      const said = `${stdout}${stderr}`.replace(/\s+/g, ' ');
      expect(said).toContain(
        '"The API Key appears to be invalid or may have expired. ' +
          'Please verify your credentials and try again." (HTTP 401)',
      );
      expect(said).toContain('Unset KIMI_API_KEY, or set it to a key from https://www.kimi.com/code/console');
      expect(said).not.toMatch(/sign in again|kimi login/i);
      expect(said).not.toMatch(SETTINGS);
    },
  );

  it('three lines, and the command last', async () => {
    const { stderr } = await run('ask hi', { env: bad.env });
    const [first = '', ...rest] = linesOf(stderr);
    expect(first).toMatch(/^✖ 127\.0\.0\.1:\d+: "The API Key/);
    expect(rest.at(-1)).toBe('  Unset KIMI_API_KEY, or set it to a key from https://www.kimi.com/code/console');
  });

  it('the same from code, in its own words', async () => {
    const kimi = createKimi({ baseURL: simulator.apiBaseURL });
    process.env.KIMI_API_KEY = 'sk-kimi-bad';
    const prompt = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'hi' }] }];
    const error = await kimi('k3')
      .doGenerate({ prompt })
      .then(
        () => undefined,
        (thrown: Error) => thrown,
      );
    expect(error?.message).toContain('Or unset KIMI_API_KEY, to use what');
    expect(error?.message).not.toMatch(/sign in with/i);
  });

  it('a login that has ended is signed in to again, with its flags', async () => {
    await run('login --account work');
    simulator.revoke();
    const { stdout } = await run('status --account work');
    expect(stdout.replace(/\s+/g, ' ')).toContain('npx ai-sdk-provider-kimi login --account work');
  });

  it.each([
    { command: 'status', variable: 'MOONSHOT_API_KEY', flag: '--service platform' },
    { command: 'ask hi', variable: 'MOONSHOT_API_KEY', flag: '--service platform' },
    { command: 'ask hi --service platform', variable: 'KIMI_API_KEY', flag: '--service coding' },
  ])('$command: $variable is noticed', async ({ command, variable, flag }) => {
    const { code, stdout, stderr } = await run(command, { env: { [variable]: KEY } });
    expect(code).toBe(3);
    expect(`${stdout}${stderr}`.replace(/\s+/g, ' ')).toContain(`${variable} is set: it is for ${flag}.`);
  });
});

it('nobody signed in: flags and variables, no setting; what lies at home begins with ~', async () => {
  const { stderr } = await run('ask hi');
  expect(stderr).toMatch(/^✖ Not signed in to Kimi/);
  expect(stderr).not.toMatch(SETTINGS);
  expect(inFlags(`Set KIMI_API_KEY (or the "apiKey" setting). Use service: 'platform', region: 'global'.`)).toBe(
    'Set KIMI_API_KEY. Use --service platform, --region global.',
  );
});

it('programs get one line', async () => {
  const { stdout } = await run('ask hi --json', { env: { KIMI_API_KEY: 'sk-kimi-bad' } });
  const { error } = JSON.parse(stdout) as { error: { message: string } };
  expect(error.message).toMatch(/^127\.0\.0\.1:\d+: "The API Key[^\n]*console$/);
});
