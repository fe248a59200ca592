/** Whatever a caller gives: command lines end with a code that is known, options with an answer or a typed error. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/run-cli';
import { KimiAPIError } from '../../src/errors/kimi-api-error';
import { KimiError } from '../../src/errors/kimi-error';
import { createKimi } from '../../src/v4';
import { KEY, run, simulator } from '../cli/command-harness';
import { LeakDetector } from '../support/leak-detector';
import { check } from './fuzz';
import { CANARY } from './hostile-json';

const detector = new LeakDetector();
detector.plant('canary', CANARY);

/** One waits until it is ended, the other hands its words to another program. */
const names = COMMANDS.map(({ name }) => name).filter(name => name !== 'simulate' && name !== 'claude');
const word = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...names, 'help') },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      '--json',
      '--help',
      '--version',
      '--store',
      '--store=file',
      '--account',
      '--account=../../etc',
      '--region',
      '--region=global',
      '--api-key',
      '--no-browser',
      '--model=k3',
      '--',
      '-',
      '-h',
      '--no',
      '--=',
      '--__proto__',
      '--timeout=1e999',
    ),
  },
  { weight: 2, arbitrary: fc.string() },
  { weight: 1, arbitrary: fc.constantFrom('\u001b[31m', '\u202e', '\0', '', 'x'.repeat(100_000), '\ud800', '🦜') },
);

it('a command line ends with a code of its own, and prints nothing raw', async () => {
  const property = fc.asyncProperty(fc.array(word, { maxLength: 6 }), async words => {
    const { code, stdout, stderr } = await run(words, { abortSignal: AbortSignal.timeout(10_000) });
    expect([0, 1, 2, 3, 4, 130], `${JSON.stringify(words)}: ${stderr}`).toContain(code);
    // oxlint-disable-next-line no-control-regex
    expect(`${stdout}${stderr}`).not.toMatch(/[\0-\b\v-\u001f\u007f-\u009f\u202a-\u202e]/);
    expect(stderr).not.toMatch(/\bat .*:\d+:\d+|TypeError|RangeError/);
    expect(stderr !== '' || stdout !== '', JSON.stringify(words)).toBe(true);
  });
  await check(property, 60);
}, 120_000);

const NAMES = [
  'reasoningEffort',
  'reasoningHistory',
  'promptCacheKey',
  'thinking',
  'forceSampling',
  'outputLimit',
  'strictJsonSchema',
  'partial',
  'safetyIdentifier',
  'logprobs',
  'topLogprobs',
  'prediction',
  'name',
  'tools',
  '__proto__',
  'constructor',
  'toString',
];
const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
const value = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom('auto', 'enabled', 'high', 'all', 'content', true, -1, 1e308, CANARY, `${CANARY}\n`),
  fc.constant([{ name: 'f', inputSchema: { type: 'object' } }]),
  fc.constantFrom(1_000, 100_000).map(nested),
  fc.constantFrom(1_000, 100_000).map(levels => [{ name: CANARY, inputSchema: { a: nested(levels) } }]),
);
const options = fc.oneof(fc.dictionary(fc.constantFrom(...NAMES), value, { maxKeys: 4 }), value);

it('options of a call and of its messages are taken or refused', async () => {
  const kimi = createKimi({ baseURL: simulator.apiBaseURL, apiKey: KEY });
  const property = fc.asyncProperty(options, options, options, async (ofCall, ofSystem, ofUser) => {
    const given = (kimiOptions: unknown) => ({ providerOptions: { kimi: kimiOptions } as never });
    const error: unknown = await Promise.resolve(
      kimi('k3').doGenerate({
        prompt: [
          { role: 'system', content: '', ...given(ofSystem) },
          { role: 'user', content: [{ type: 'text', text: 'hi' }], ...given(ofUser) },
        ],
        ...given(ofCall),
        abortSignal: AbortSignal.timeout(20_000),
      }),
    ).then(
      () => undefined,
      (failure: unknown) => failure,
    );
    if (error !== undefined) {
      expect(KimiError.isInstance(error) || KimiAPIError.isInstance(error), String(error).slice(0, 500)).toBe(true);
    }
  });
  await check(property, 150);
}, 120_000);

it('a prompt that is nested too deeply to be sent is a typed error', async () => {
  const kimi = createKimi({ baseURL: simulator.apiBaseURL, apiKey: KEY });
  const deep = nested(100_000) as never;
  const user = { role: 'user' as const, content: [{ type: 'text' as const, text: 'hi' }] };
  const asked = { type: 'tool-call' as const, toolCallId: 'f:0', toolName: 'f', input: deep };
  const given = {
    type: 'tool-result' as const,
    toolCallId: 'f:0',
    toolName: 'f',
    output: { type: 'json' as const, value: deep },
  };
  for (const content of [
    [{ role: 'assistant' as const, content: [asked] }],
    [
      { role: 'assistant' as const, content: [{ ...asked, input: {} }] },
      { role: 'tool' as const, content: [given] },
    ],
  ]) {
    for (const ask of ['doGenerate', 'doStream'] as const) {
      await expect(async () => kimi('k3')[ask]({ prompt: [user, ...content] })).rejects.toMatchObject({
        code: 'KIMI_INVALID_ARGUMENT',
        argument: 'prompt',
      });
    }
  }
});
