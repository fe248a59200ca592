import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Interruption } from '../../src/cli/failures';
import { SIMULATOR_RULES } from '../../src/simulator/index';
import { json, KEY, lines, run, simulator } from './command-harness';
import type { RunResult } from './run-in-process';

/** The answer that `ask --json` printed. */
const textOf = (result: RunResult): string =>
  lines(result)
    .flatMap(({ type, text }) => (type === 'text' ? [text as string] : []))
    .join('');

describe('simulate', () => {
  it('serves until it is stopped, which is its usual end', async () => {
    const ending = new AbortController();
    let models: Promise<Response> | undefined;
    const { code } = await run('simulate --json --port 0', {
      abortSignal: ending.signal,
      onOutput(text) {
        const { apiBaseURL } = JSON.parse(text) as { apiBaseURL: string };
        models ??= fetch(`${apiBaseURL}/models`, { headers: { authorization: `Bearer ${KEY}` } }).finally(() =>
          ending.abort(new Interruption('Interrupted.', 130)),
        );
      },
    });
    expect(code).toBe(0);
    expect((await models)?.status).toBe(200);
  });

  it('serves both wires, and tells where', async () => {
    const ending = new AbortController();
    let answer: Promise<Response> | undefined;
    await run('simulate --json --port 0', {
      abortSignal: ending.signal,
      onOutput(text) {
        const { anthropicURL, platformAnthropicURL, url } = JSON.parse(text) as Record<string, string>;
        expect(platformAnthropicURL).toBe(`${url}/anthropic`);
        answer ??= fetch(`${anthropicURL}/v1/messages`, {
          method: 'POST',
          headers: { 'x-api-key': KEY, 'content-type': 'application/json' },
          body: JSON.stringify({ model: 'k3', max_tokens: 10, messages: [{ role: 'user', content: 'hello' }] }),
        }).finally(() => ending.abort(new Interruption('Interrupted.', 130)));
      },
    });
    expect(await (await answer)?.json()).toMatchObject({ type: 'message', role: 'assistant' });
  });

  it('tells with --demo the two variables that a first stream needs, and answers at reading speed', async () => {
    const ending = new AbortController();
    let told = '';
    let asked: Promise<RunResult> | undefined;
    const { code } = await run('simulate --demo --port 0', {
      abortSignal: ending.signal,
      onOutput(text) {
        told = text;
        if (asked === undefined && told.includes('ask "')) {
          for (const [, name = '', value] of told.matchAll(/^ {2}(?:export |\$env:)(\w+)(?:=| = ')([^\s']+)/gm)) {
            process.env[name] = value;
          }
          asked = run(['ask', 'Why is the sky blue?', '--json']).finally(() =>
            ending.abort(new Interruption('Interrupted.', 130)),
          );
        }
      },
    });
    expect(code).toBe(0);
    expect(told.match(/(?<=^ {2}(?:export |\$env:))\w+/gm)).toEqual(['KIMI_CODE_BASE_URL', 'KIMI_API_KEY']);
    const answer = await asked;
    expect(answer?.code).toBe(0);
    expect(answer === undefined ? '' : textOf(answer)).toBe('You said: Why is the sky blue?');
    expect(simulator.counts.requests).toBe(0);
  });

  it.each([
    ['a port in use', () => ['--port', new URL(simulator.url).port], 'is in use'],
    ['no port', () => ['--port', 'x'], 'A port is a number'],
    ['no gate', () => ['--gate', 'x'], 'It must be one of known-agents, named, off.'],
    ['no flag', () => ['--nonsense'], 'Unknown option "--nonsense"'],
  ])('ends with 2 for %s, and says no more', async (_, options, message) => {
    const { code, stdout, stderr } = await run(['simulate', ...options()]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.replace(/\s+/g, ' ')).toContain(message);
    expect(stderr).not.toMatch(/\n +at /);
  });

  it('prints with --rules every row within 100 columns, with --json the same as data', async () => {
    const { code, stdout } = await run('simulate --rules');
    expect(code).toBe(0);
    expect(stdout.split('\n').filter(line => line.length > 100)).toEqual([]);
    const WIRES = {
      chat: 'refused-temperature',
      messages: 'messages-max-tokens',
      both: 'too-many-tools',
      '-': 'unauthorized',
    };
    for (const [wire, rule] of Object.entries(WIRES)) {
      expect(stdout).toMatch(new RegExp(`^${rule} +\\d+ +${wire} `, 'm'));
    }
    for (const { rule, source } of SIMULATOR_RULES) {
      expect(stdout).toMatch(new RegExp(`^${rule} `, 'm'));
      expect(stdout.replaceAll(/\s+/g, ' ')).toContain(source.replaceAll(/\s+/g, ' '));
    }
    expect(json(await run('simulate --rules --json'))).toEqual(JSON.parse(JSON.stringify(SIMULATOR_RULES)));
  });

  it('is what "npm run simulator" runs', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
    expect(scripts).toMatchObject({ presimulator: 'npm run build', simulator: 'node dist/cli.js simulate' });
  });
});
