import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { EdgeVM } from '@edge-runtime/vm';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { startChatServer } from './support/chat-server';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The built entry in a real edge runtime: no `process`, no `node:`, no `require`. */
async function loadOnEdge(entry: string) {
  const { outputFiles } = await build({
    entryPoints: [path.join(root, 'dist', `${entry}.js`)],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'kimiProvider',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['edge-light', 'import'],
    tsconfigRaw: {},
    absWorkingDir: root,
    logLevel: 'silent',
  });
  const vm = new EdgeVM();
  vm.evaluate(outputFiles[0]?.text ?? '');
  return vm;
}

describe.each(['index', 'v2', 'v3', 'v4'])('dist/%s.js on edge', entry => {
  it('streams an answer and identifies itself without a disk', async () => {
    const server = await startChatServer([{ reasoning_content: 'hm' }, { content: 'hello' }]);
    const vm = await loadOnEdge(entry);
    const parts = (await vm.evaluate(`(async () => {
      const kimi = kimiProvider.createKimi({ baseURL: ${JSON.stringify(server.baseURL)}, apiKey: 'sk-kimi-edge', account: 'edge' });
      const { stream } = await kimi('kimi-for-coding').doStream({ prompt: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }] });
      const parts = [];
      for (const reader = stream.getReader();;) {
        const { done, value } = await reader.read();
        if (done) return JSON.stringify(parts);
        parts.push(value);
      }
    })()`)) as string;
    expect(
      (JSON.parse(parts) as Array<{ type: string; delta?: string }>).filter(part => part.delta).map(part => part.delta),
    ).toEqual(['hm', 'hello']);
    expect(server.requests[0]?.headers).toMatchObject({
      'x-msh-platform': 'kimi_cli',
      'x-msh-device-name': 'unknown',
      authorization: 'Bearer sk-kimi-edge',
    });
    expect(server.requests[0]?.headers['x-msh-device-id']).toMatch(/^[0-9a-f]{32}$/);
    await server.close();
  });

  // docs/wire.md#edge-without-abortsignalany
  it('answers a call that has a signal, and ends one whose signal aborts', async () => {
    const server = await startChatServer([{ content: 'hello' }]);
    const vm = await loadOnEdge(entry);
    const call = (signal: string) =>
      vm.evaluate(`(async () => {
        const kimi = kimiProvider.createKimi({ baseURL: ${JSON.stringify(server.baseURL)}, apiKey: 'sk-kimi-edge' });
        const prompt = [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }];
        const { stream } = await kimi('kimi-for-coding').doStream({ prompt, abortSignal: ${signal} });
        for (const reader = stream.getReader();;) {
          const { done, value } = await reader.read();
          if (done || value.type === 'text-delta') return value?.delta;
        }
      })().catch(error => error.name)`) as Promise<string>;
    expect(await call('new AbortController().signal')).toBe('hello');
    expect(await call('AbortSignal.abort()')).toBe('AbortError');
    const later = 'const abort = new AbortController(); queueMicrotask(() => abort.abort()); return abort.signal;';
    expect(await call(`(() => { ${later} })()`)).toBe('AbortError');
    await server.close();
  });

  it('says how to sign in where there is no credential', async () => {
    const vm = await loadOnEdge(entry);
    const message = (await vm.evaluate(
      "kimiProvider.kimi('k3').doGenerate({ prompt: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] " +
        "}] }).catch(error => error.code + ': ' + error.message)",
    )) as string;
    expect(message).toContain('KIMI_LOGIN_REQUIRED');
    expect(message).toContain('KIMI_API_KEY');
  });
});

it('dist/tools.js works on edge', async () => {
  const vm = await loadOnEdge('tools');
  const output = (await vm.evaluate(
    "kimiProvider.webFetch({ web: { fetch: async url => ({ url: String(url), text: 'hello' }) } })" +
      ".execute({ url: 'https://a.example' }).then(JSON.stringify)",
  )) as string;
  expect(JSON.parse(output)).toMatchObject({ url: 'https://a.example/', text: 'hello' });
});
