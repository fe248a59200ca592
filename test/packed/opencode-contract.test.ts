import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { chats } from '../support/chats';
import { packPackage } from '../support/pack-package';

/**
 * What opencode 1.18.33 does with `"npm": "ai-sdk-provider-kimi"` (docs/wire.md#opencode-loading), with the packed
 * package, in a process of its own.
 */
const LOADER = `
import { pathToFileURL } from 'node:url';
import { streamText, wrapLanguageModel } from 'ai-v6';
globalThis.AI_SDK_LOG_WARNINGS = false;
const options = JSON.parse(process.argv[2]);
const provider = await import('ai-sdk-provider-kimi');
const factory = provider[Object.keys(provider).find(key => key.startsWith('create'))];
const load = async () => {
  const sdk = await factory({ name: 'my-kimi', ...options, fetch: (input, init) => fetch(input, { ...init, signal: init?.signal ?? AbortSignal.timeout(300_000) }) });
  const model = sdk.languageModel('kimi-for-coding');
  const wrapped = wrapLanguageModel({ model, middleware: [{ specificationVersion: 'v3', transformParams: async ({ params }) => params }] });
  const result = streamText({
    model: wrapped,
    prompt: 'say hi',
    maxRetries: 0,
    headers: { 'User-Agent': 'opencode/1.18.33', 'x-session-affinity': 'session-1', 'X-Session-Id': 'session-1' },
    providerOptions: { 'my-kimi': { reasoningEffort: 'low' } },
  });
  const text = await result.text;
  return { specificationVersion: model.specificationVersion, text, finishReason: await result.finishReason, tokens: (await result.totalUsage).totalTokens, steps: (await result.steps).length };
};
process.stdout.write(JSON.stringify(await Promise.all([load(), load()])));
`;

let packed: Awaited<ReturnType<typeof packPackage>>;
let simulator: KimiSimulator;
beforeAll(async () => {
  packed = await packPackage();
  simulator = await startKimiSimulator();
}, 60_000);
afterAll(async () => {
  await packed.dispose();
  await simulator.close();
});

describe('the packed package, loaded as opencode does', () => {
  it.each([
    ['plainly', {}],
    ["with specificationVersion 'v2' among the options", { specificationVersion: 'v2' }],
    ['with options of the host', { timeout: false, setCacheKey: true, headers: { 'x-custom': '1' } }],
  ])('gives V3 models that answer and stop, twice at once, %s', async (_, extra) => {
    simulator.clearRequests();
    const options = { baseURL: simulator.apiBaseURL, apiKey: 'sk-kimi-simulator', headers: {}, ...extra };
    const script = path.join(packed.app, 'load.mjs');
    writeFileSync(script, LOADER);
    const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(options)], {
      cwd: packed.app,
    });
    const answers = JSON.parse(stdout) as Array<{ tokens: number }>;
    expect(answers).toEqual(
      Array.from({ length: 2 }, () => ({
        specificationVersion: 'v3',
        text: 'You said: say hi',
        finishReason: 'stop',
        tokens: expect.any(Number) as number,
        steps: 1,
      })),
    );
    expect(answers[0]?.tokens).toBeGreaterThan(0);
    expect(chats(simulator)).toHaveLength(2);
    for (const request of chats(simulator)) {
      expect(request.headers['user-agent']).toBe('KimiCLI/1.49.0');
      expect(request.json).toMatchObject({
        prompt_cache_key: 'session-1',
        thinking: { type: 'enabled', effort: 'low' },
      });
      expect(request.notices).toEqual([]);
    }
  });

  it('has only what it needs in it', () => {
    const manifest = JSON.parse(readFileSync(path.join(packed.installed, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    expect(Object.keys(manifest.dependencies)).toEqual(
      expect.arrayContaining(['@ai-sdk/openai-compatible', 'provider-v2', 'provider-v3']),
    );
    const declarations = readFileSync(path.join(packed.installed, 'dist', 'v3.d.ts'), 'utf8');
    expect(declarations).not.toContain('../src');
  });

  it('can be required, too', async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['-p', "Object.keys(require('ai-sdk-provider-kimi')).filter(name => name.startsWith('create')).sort().join()"],
      { cwd: packed.app },
    );
    expect(stdout.trim()).toBe('create,createKimi');
  });
});
