/** What the setting `logger` and KIMI_DEBUG tell, and that they never tell a secret (docs/decisions.md#59-logger). */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { fileCredentialStore } from '../../src/credential-stores';
import { createKimi, type KimiLogDetails, type KimiLogger, type KimiLogLevel } from '../../src/v4';
import { dangerousIn, DANGEROUS } from '../support/hostile-text';
import { openSecretScene, type SecretScene } from '../support/secret-scene';

type Entry = { level: KimiLogLevel; message: string; details: KimiLogDetails };

let scene: SecretScene;
beforeAll(async () => {
  scene = await openSecretScene();
});
afterAll(() => scene.close());
afterEach(() => {
  delete process.env.KIMI_DEBUG;
  scene.simulator.reset();
});

function collector() {
  const entries: Entry[] = [];
  const take = (level: KimiLogLevel) => (message: string, details: KimiLogDetails) =>
    void entries.push({ level, message, details });
  const logger: KimiLogger = { debug: take('debug'), info: take('info'), warn: take('warn'), error: take('error') };
  const of = (event: string) => entries.filter(({ details }) => details.event === event).map(({ details }) => details);
  return { entries, logger, of };
}

const ask = (text = scene.prompt) => [{ role: 'user' as const, content: [{ type: 'text' as const, text }] }];

async function read(stream: ReadableStream<unknown>): Promise<void> {
  for await (const _part of stream as ReadableStream<unknown> & AsyncIterable<unknown>) {
    // To its end.
  }
}

const freshStore = () =>
  fileCredentialStore({
    slot: 's',
    environment: { KIMI_PROVIDER_HOME: mkdtempSync(path.join(tmpdir(), 'kimi-log-')) },
  });

describe('a call', () => {
  it('tells source, request, answer, timings, rules and warnings, under one number', async () => {
    const { logger, of, entries } = collector();
    const kimi = createKimi(scene.settings({ apiKey: scene.key, logger }));
    scene.simulator.script([{ text: 'Hello.' }, { text: 'Hello.' }]);
    await kimi('k3').doGenerate({ prompt: ask(), temperature: 0.3, stopSequences: ['x'] });
    const { stream } = await kimi('k3').doStream({ prompt: ask() });
    await read(stream);

    const chat = of('request').filter(({ url }) => String(url).endsWith('/chat/completions'));
    expect(chat).toHaveLength(2);
    expect(chat[0]).toMatchObject({
      call: 1,
      method: 'POST',
      url: `${scene.simulator.apiBaseURL}/chat/completions`,
      identity: expect.stringMatching(/^KimiCLI\//),
      headers: expect.arrayContaining(['authorization', 'user-agent', 'x-msh-device-id']),
    });
    expect(chat[1]).toMatchObject({ call: 2 });
    const numbered = (event: string) => of(event).find(({ request }) => request === chat[1]?.request);
    expect(numbered('response')).toMatchObject({ status: 200, ms: expect.any(Number), traceId: expect.any(String) });
    expect(numbered('first byte')).toMatchObject({ ms: expect.any(Number) });
    expect(numbered('end')).toMatchObject({ end: 'complete', bytes: expect.any(Number), ms: expect.any(Number) });
    expect(of('credential')[0]).toMatchObject({ source: 'the "apiKey" setting', kind: 'api-key' });
    expect(of('call')[0]).toMatchObject({ asked: 'k3', model: 'k3', service: 'coding' });
    expect(of('body')[0]).toMatchObject({
      wire: 'chat',
      model: 'k3',
      rules: expect.arrayContaining(['drop-refused-settings', 'max-completion-tokens']),
    });
    expect(of('body')[1]?.rules).not.toContain('drop-refused-settings');
    expect(of('warning')[0]).toMatchObject({ feature: 'temperature' });
    for (const { message, details } of entries) {
      // Loggers that take nothing but a text have all of it.
      expect(message.startsWith(`kimi ${String(details.event)}:`)).toBe(true);
    }
    expect(scene.detector.find(entries)).toEqual([]);
  });

  it('tells tool calls that leaked as text', async () => {
    const { logger, of } = collector();
    const kimi = createKimi(scene.settings({ apiKey: scene.key, logger }));
    const leaked =
      '<|tool_calls_section_begin|><|tool_call_begin|>functions.look:0<|tool_call_argument_begin|>{}' +
      '<|tool_call_end|><|tool_calls_section_end|>';
    const tools = [{ type: 'function' as const, name: 'look', inputSchema: { type: 'object' as const } }];
    scene.simulator.script([{ text: leaked }, { text: leaked }]);
    await read((await kimi('k3').doStream({ prompt: ask(), tools })).stream);
    await kimi('k3').doGenerate({ prompt: ask(), tools });
    expect(of('recovered tool calls')).toMatchObject([
      { count: 1, call: 1 },
      { count: 1, call: 2 },
    ]);
  });

  it('tells a failure, without what the server quotes of secrets and prompt', async () => {
    const { logger, of, entries } = collector();
    const kimi = createKimi(scene.settings({ apiKey: scene.key, logger }));
    const quote = `Bearer ${scene.key} asked: ${scene.prompt} ${DANGEROUS.join('')}`;
    scene.simulator.fault({ status: 400, body: { error: { message: quote } }, match: { path: '/chat/completions' } });
    await expect(kimi('k3').doGenerate({ prompt: ask() })).rejects.toThrow();
    expect(of('failure')[0]).toMatchObject({ error: 'KimiAPIError', status: 400, code: expect.any(String) });
    expect(of('response').at(-1)).toMatchObject({ status: 400 });
    scene.simulator.fault({ destroySocket: true, match: { path: '/chat/completions' } });
    await expect(kimi('k3').doGenerate({ prompt: ask() })).rejects.toThrow();
    expect(of('no response')[0]).toMatchObject({ reason: expect.any(String), ms: expect.any(Number) });
    expect(scene.detector.find(entries)).toEqual([]);
    expect(entries.flatMap(({ message, details }) => dangerousIn(message + JSON.stringify(details)))).toEqual([]);
  });

  it('tells where an answer broke off, and where nobody wanted more of it', async () => {
    const { logger, of } = collector();
    const kimi = createKimi(scene.settings({ apiKey: scene.key, logger }));
    scene.simulator.script({ text: 'a long answer of many words', chunkDelayMs: 20 });
    const { stream } = await kimi('k3').doStream({ prompt: ask() });
    const reader = stream.getReader();
    await reader.read();
    await reader.cancel();
    await vi.waitFor(() => expect(of('end').at(-1)).toMatchObject({ end: 'cancelled' }));
  });
});

describe('a login', () => {
  it('tells store, lock, renewal, and a refused token', async () => {
    const { logger, of, entries } = collector();
    const store = freshStore();
    await store.save(scene.signIn(10));
    const kimi = createKimi(scene.settings({ credentialStore: store, logger }));
    await kimi('k3').doGenerate({ prompt: ask() });
    expect(of('renewal begins')[0]).toMatchObject({ location: store.location });
    expect(of('renewal ends')[0]).toMatchObject({ outcome: 'renewed', expiresAt: expect.any(String) });
    expect(of('store').map(({ operation }) => operation)).toEqual(expect.arrayContaining(['load', 'save', 'lock']));
    expect(of('lock taken')[0]).toMatchObject({ waitedMs: expect.any(Number), location: store.location });
    expect(of('request').some(({ url }) => String(url).endsWith('/token'))).toBe(true);

    scene.simulator.expireTokens();
    await kimi('k3').doGenerate({ prompt: ask() });
    expect(of('token refused')[0]).toMatchObject({ source: store.location, next: 'renewed and sent again' });
    scene.plantNewest();
    expect(scene.detector.find(entries)).toEqual([]);
  });

  it('tells no header of the sign-in host that is too long for an id: it may echo the token', async () => {
    const { entries, logger } = collector();
    const echoed = 'canary'.repeat(20);
    const answer = new Response('{}', { status: 400, headers: { 'x-request-id': echoed, 'content-type': echoed } });
    const kimi = createKimi({
      logger,
      credentialStore: freshStore(),
      oauthHost: 'https://auth.example',
      baseURL: 'https://api.example/v1',
      fetch: async () => answer,
    });
    await kimi.auth.startDeviceLogin().catch(() => undefined);
    expect(entries.map(({ details }) => details.event)).toContain('response');
    expect(JSON.stringify(entries)).not.toContain('canary');
  });

  it('is still one login for two providers with the same store', async () => {
    const { logger } = collector();
    const store = freshStore();
    await store.save(scene.signIn(10));
    const before = scene.simulator.rotations;
    const providers = [logger, undefined, logger].map(one =>
      createKimi(scene.settings({ credentialStore: store, logger: one })),
    );
    await Promise.all(providers.map(kimi => kimi('k3').doGenerate({ prompt: ask() })));
    expect(scene.simulator.rotations).toBe(before + 1);
    expect(scene.simulator.reuses).toBe(0);
  });

  it('tells a store that fails', async () => {
    const { logger, of } = collector();
    const location = 'a store of the test';
    const credentialStore = { location, load: () => Promise.reject(new Error('down')), save: vi.fn(), clear: vi.fn() };
    const kimi = createKimi(scene.settings({ credentialStore, logger }));
    await expect(kimi('k3').doGenerate({ prompt: ask() })).rejects.toThrow(/down/);
    expect(of('store')[0]).toMatchObject({ operation: 'load', location, error: 'Error' });
    expect(of('renewal ends')[0]).toMatchObject({ outcome: 'failed', code: 'KIMI_CREDENTIAL_STORE' });
  });
});

describe('a logger', () => {
  it.each<[string, (message: string) => unknown]>([
    [
      'throws',
      () => {
        throw new Error('full disk');
      },
    ],
    ['rejects', () => Promise.reject(new Error('full disk'))],
    ['never settles', () => new Promise(() => {})],
  ])('that %s ends no call', async (_, take) => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const logger: KimiLogger = { debug: take, info: take, warn: take, error: take };
    const kimi = createKimi(scene.settings({ apiKey: scene.key, logger }));
    await read((await kimi('k3').doStream({ prompt: ask(), temperature: 0.3 })).stream);
    await new Promise(resolve => setImmediate(resolve));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it('is an error of the call where it is none', async () => {
    const kimi = createKimi(scene.settings({ apiKey: scene.key, logger: { debug() {} } as never }));
    await expect(kimi('k3').doGenerate({ prompt: ask() })).rejects.toMatchObject({
      code: 'KIMI_INVALID_ARGUMENT',
      argument: 'logger',
      message: expect.stringContaining('info, warn, error'),
    });
  });

  it('may be the console, also where an address has a %', async () => {
    const kimi = createKimi(
      scene.settings({ apiKey: scene.key, baseURL: `${scene.simulator.url}/coding%20x/v1`, logger: console }),
    );
    const printed = scene.printed.length;
    await expect(kimi('k3').doGenerate({ prompt: ask() })).rejects.toThrow();
    expect(scene.printed.slice(printed).join(' ')).toContain('/coding%%20x/v1');
  });
});

describe('KIMI_DEBUG', () => {
  const lines = () =>
    scene.printed.filter(line => typeof line === 'string' && / kimi [a-z ]+: /.test(line)) as string[];

  it('prints on stderr, a line an entry, what a logger is told', async () => {
    process.env.KIMI_DEBUG = '1';
    const kimi = createKimi(scene.settings({ apiKey: scene.key }));
    const before = lines().length;
    await kimi('k3').doGenerate({ prompt: ask() });
    await vi.waitFor(() => expect(lines().slice(before).join('')).toContain('kimi end:'));
    expect(lines()[before]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z debug kimi [^\n]+\n$/);
    expect(lines().slice(before).join('')).toMatch(/kimi request: call=1 request=\d+ method=POST url=http/);
    expect(scene.detector.find(lines())).toEqual([]);
  });

  it.each(['0', 'false', 'off', ''])('is off with "%s"', async value => {
    process.env.KIMI_DEBUG = value;
    const before = lines().length;
    await createKimi(scene.settings({ apiKey: scene.key }))('k3').doGenerate({ prompt: ask() });
    await new Promise(resolve => setImmediate(resolve));
    expect(lines().slice(before)).toEqual([]);
  });
});
