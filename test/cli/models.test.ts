import { describe, expect, it } from 'vitest';
import { json, KEY, run, simulator } from './command-harness';

describe('models', () => {
  it(
    'keeps the order of the server, whose first is its default, with the identity of the official client ' +
      'at login (docs/wire.md#identity-per-request)',
    async () => {
      const { code, stdout } = await run('models --json', { env: { KIMI_API_KEY: KEY } });
      expect(code).toBe(0);
      const { models } = JSON.parse(stdout) as { models: Array<Record<string, unknown>> };
      expect(models.map(({ id }) => id)).toEqual([
        'kimi-for-coding',
        'kimi-for-coding-highspeed',
        'k3.1-pro',
        'k3.1-pro-highspeed',
        'k3',
        'k3-256k',
      ]);
      expect(models[4]).toEqual({
        id: 'k3',
        name: 'k3',
        default: false,
        contextLength: 1_048_576,
        thinking: 'only',
        efforts: ['low', 'high', 'max'],
        defaultEffort: 'max',
        inputs: ['text', 'image', 'video'],
        protocol: 'openai',
      });
      expect(models.map(model => model.default)).toEqual([true, false, false, false, false, false]);
      expect(simulator.requests.at(-1)?.headers).toMatchObject({
        'user-agent': 'KimiCLI/1.49.0',
        'x-msh-platform': 'kimi_cli',
      });
    },
  );

  it('is a table where it fits, else a list, and survives odd entries', async () => {
    process.env.KIMI_API_KEY = KEY;
    simulator.models.coding[1] = {
      ...simulator.models.coding[1],
      id: 'kimi-for-coding-highspeed',
      display_name: 'Kimi for Coding, high speed',
    } as never;
    simulator.models.coding.push({ id: 'new\x1b[31m', context_length: -1 } as never);
    const wide = await run('models', { columns: 80 });
    expect(wide.plain.split('\n')[0]).toMatch(/^ {2}Model +Context +Thinking +Input +Protocol$/);
    expect(wide.plain).toMatch(/^\* kimi-for-coding +1M {2}off low high max\* +image video {2}openai$/m);
    expect(wide.plain).toMatch(/^ {2}k3 +1M {2}low high max\* +image video {2}openai$/m);
    expect(wide.stdout).not.toContain('new\x1b');
    const narrow = await run('models', { columns: 40 });
    expect(narrow.plain).toMatch(/^ {2}Thinking {2}low high max\*$/m);
    expect(narrow.plain.split('\n').filter(line => line.length > 40)).toEqual([]);
  });

  it('explains an id', async () => {
    process.env.KIMI_API_KEY = KEY;
    expect(await run('models --explain k3')).toMatchObject({ code: 0, stdout: expect.stringMatching(/Sent as +k3\n/) });
    expect((await run('models --explain k3')).stdout).toMatch(
      /Context +1M\n *Thinking +low high max\*\n *Input +text image.*\n *Tools +yes/,
    );
    const unknown = await run('models --explain k9');
    expect(unknown).toMatchObject({ code: 1, stdout: expect.stringContaining('unknown') });
    expect(unknown.stdout).not.toContain('Context');
    expect(json(await run('models --explain auto --json'))).toMatchObject({
      outcome: 'resolved',
      slug: 'kimi-for-coding',
      capabilities: { contextLength: 1_048_576, thinking: 'both', efforts: ['low', 'high', 'max'], imageInput: true },
    });
  });

  it.each([
    [401, 3],
    [403, 1],
    [503, 4],
  ])('HTTP %i ends with %i', async (status, code) => {
    simulator.fault({ status, body: {} });
    expect((await run('models', { env: { KIMI_API_KEY: KEY } })).code).toBe(code);
  });
});
