import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Interruption } from '../../src/cli/failures';
import { SIMULATOR_RULES } from '../../src/simulator/index';
import { json, KEY, run, simulator } from './command-harness';

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

  it.each([
    ['a port in use', () => ['--port', new URL(simulator.url).port], 'is in use'],
    ['no port', () => ['--port', 'x'], 'A port is a number'],
    ['no gate', () => ['--gate', 'x'], 'It must be one of known-agents, named, off.'],
    ['no flag', () => ['--nonsense'], "unknown option '--nonsense'"],
  ])('ends with 2 for %s, and says no more', async (_, options, message) => {
    const { code, stdout, stderr } = await run(['simulate', ...options()]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
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
