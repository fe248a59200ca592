import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { generateText, Output, streamText } from 'ai';
import { z } from 'zod';
import { memoryCredentialStore } from '../../../src/credential-stores';
import { bindingOf } from '../../../src/credentials/credential-binding';
import type { KimiProviderSettings } from '../../../src/index';
import { startKimiSimulator, type KimiSimulator } from '../../../src/simulator/index';
import { createKimi } from '../../../src/v4';

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

let simulator: KimiSimulator;
beforeEach(async () => {
  simulator = await startKimiSimulator();
});
afterEach(async () => {
  for (const name of ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'ANTHROPIC_BASE_URL', 'ANTHROPIC_MODEL']) {
    delete process.env[name];
  }
  await simulator.close();
});

const kimi = (settings: KimiProviderSettings = {}) =>
  createKimi({ baseURL: simulator.apiBaseURL, apiKey: 'sk-kimi-simulator', protocol: 'messages', ...settings });
const sent = () => {
  const [request] = simulator.requests.filter(({ path }) => path.endsWith('/messages'));
  return { ...request, json: request?.json as Record<string, unknown> };
};

describe('a request on the Anthropic wire', () => {
  it('goes to the place, with the headers, the identity and the credential of the wire', async () => {
    await generateText({ model: kimi()('k3'), prompt: 'hi', headers: { 'x-api-key': 'foreign' } });
    expect(sent()).toMatchObject({
      path: '/coding/v1/messages',
      query: { beta: 'true' },
      headers: {
        authorization: 'Bearer sk-kimi-simulator',
        'anthropic-version': '2023-06-01',
        'content-type': 'application/json',
        'user-agent': expect.stringMatching(/^KimiCLI\//) as string,
        'x-msh-platform': 'kimi_cli',
      },
    });
    expect(sent().headers).not.toHaveProperty('x-api-key');
    expect(sent().headers).not.toHaveProperty('anthropic-beta');
  });

  it('takes nothing from the variables of another vendor', async () => {
    Object.assign(process.env, {
      ANTHROPIC_API_KEY: 'sk-ant-ambient',
      ANTHROPIC_AUTH_TOKEN: 'ambient',
      ANTHROPIC_BASE_URL: 'http://127.0.0.1:9',
      ANTHROPIC_MODEL: 'claude-ambient',
    });
    await streamText({ model: kimi()('k3'), prompt: 'hi' }).text;
    expect(sent().json.model).toBe('k3');
    expect(JSON.stringify(sent())).not.toMatch(/ambient/);
  });

  it('keeps all thinking as the official client does, by option and by identity', async () => {
    const keep = { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] };
    await generateText({
      model: kimi()('k3'),
      prompt: 'hi',
      headers: { 'anthropic-beta': 'mine' },
      providerOptions: { kimi: { reasoningHistory: 'preserved', promptCacheKey: 'session' } },
    });
    expect(sent()).toMatchObject({
      headers: { 'anthropic-beta': 'mine,context-management-2025-06-27' },
      json: { context_management: keep, metadata: { user_id: 'session' } },
    });
  });

  it.each([
    ['high', 'k3', { thinking: { type: 'enabled' }, output_config: { effort: 'high' } }],
    ['off', 'kimi-for-coding', { thinking: { type: 'disabled' } }],
    [undefined, 'k3', {}],
  ])('with the effort %s has no budget, no 1,024 tokens more and no warning', async (reasoningEffort, id, expected) => {
    const options = reasoningEffort === undefined ? {} : { providerOptions: { kimi: { reasoningEffort } } };
    const { warnings } = await generateText({ model: kimi()(id), prompt: 'hi', maxOutputTokens: 20_000, ...options });
    expect(warnings).toEqual([]);
    const { thinking, output_config, max_tokens } = sent().json;
    expect({ thinking, output_config, max_tokens }).toEqual({
      thinking: undefined,
      output_config: undefined,
      ...expected,
      max_tokens: 20_000,
    });
  });

  it('asks for what the window has left, not for 4,096', async () => {
    const { warnings } = await generateText({ model: kimi()('k3'), prompt: 'hi' });
    expect(sent().json.max_tokens).toBeGreaterThan(1_000_000);
    expect(warnings).toEqual([]);
  });

  it('gives a schema to follow as the official client does, while the model thinks', async () => {
    simulator.script({ reasoning: 'r', text: '{"name":"Ann"}' });
    const schema = z.object({ name: z.string() });
    const { output, warnings } = await generateText({
      model: kimi()('k3'),
      prompt: 'a person',
      output: Output.object({ schema }),
      providerOptions: { kimi: { reasoningEffort: 'max' } },
    });
    expect(output).toEqual({ name: 'Ann' });
    expect(warnings).toEqual([]);
    expect(sent().json).toMatchObject({
      thinking: { type: 'enabled' },
      output_config: { effort: 'max', format: { type: 'json_schema', schema: { type: 'object' } } },
    });
    expect(sent().json).not.toHaveProperty('tools');
  });

  it('has videos, and images in results of tools', async () => {
    simulator = await restarted(simulator);
    await generateText({
      model: kimi()('k3'),
      messages: [
        { role: 'user', content: [{ type: 'file', mediaType: 'video/mp4', data: new URL('ms://v') }] },
        {
          role: 'assistant',
          content: [{ type: 'tool-call', toolCallId: 'c', toolName: 'look', input: {} }],
        },
        {
          role: 'tool',
          content: [
            {
              type: 'tool-result',
              toolCallId: 'c',
              toolName: 'look',
              output: { type: 'content', value: [{ type: 'media', data: PNG, mediaType: 'image/png' }] },
            },
          ],
        },
      ] as never,
    });
    expect(sent()).toMatchObject({
      status: 200,
      notices: [],
      json: {
        messages: [
          { content: [{ type: 'video', source: { type: 'url', url: 'ms://v' } }] },
          { role: 'assistant' },
          { content: [{ type: 'tool_result', content: [{ type: 'image', source: { type: 'base64', data: PNG } }] }] },
        ],
      },
    });
  });

  it('is below /anthropic on the platform', async () => {
    const provider = kimi({ service: 'platform', baseURL: simulator.platformBaseURL, apiKey: 'sk-simulator' });
    await generateText({ model: provider('kimi-k3'), prompt: 'hi' });
    expect(sent()).toMatchObject({ path: '/anthropic/v1/messages', query: { beta: 'true' }, status: 200 });
  });

  it('is sent once more with a renewed login, whole and streamed', async () => {
    const { access_token: accessToken, refresh_token: refreshToken } = simulator.signIn() as {
      access_token: string;
      refresh_token: string;
    };
    const credentialStore = memoryCredentialStore({
      type: 'oauth',
      accessToken,
      refreshToken,
      expiresAt: Math.floor(Date.now() / 1000) + 900,
      expiresIn: 900,
      scope: '',
      tokenType: 'Bearer',
      issuedFor: bindingOf(simulator),
    });
    const model = kimi({ apiKey: undefined, oauthHost: simulator.oauthHost, credentialStore })('k3');
    await generateText({ model, prompt: 'hi' });
    simulator.expireTokens();
    await generateText({ model, prompt: 'hi' });
    simulator.expireTokens();
    await streamText({ model, prompt: 'hi' }).text;
    const chats = simulator.requests.filter(({ path }) => path.endsWith('/messages'));
    expect(chats.map(({ status }) => status)).toEqual([200, 401, 200, 401, 200]);
    expect(new Set(chats.map(({ headers }) => headers.authorization?.slice(0, 7)))).toEqual(new Set(['Bearer ']));
  });

  it.each([
    ['an event that is too large', { eventBytes: 200 }, { text: 'x'.repeat(2000), chunkSize: 1000 }, 'too-large'],
    ['a server that says nothing', { firstByteMs: 50 }, { text: 'x', delayMs: 500 }, 'timeout'],
    ['one that falls silent', { idleMs: 50 }, { text: 'x'.repeat(50), chunkDelayMs: 500 }, 'connection'],
  ])('has a limit for %s', async (_, limits, answer, reason) => {
    simulator.script(answer);
    const { fullStream } = streamText({
      model: kimi({ limits })('k3'),
      prompt: 'hi',
      maxRetries: 0,
      onError: () => {},
    });
    const errors: unknown[] = [];
    for await (const part of fullStream) {
      errors.push(...(part.type === 'error' ? [part.error] : []));
    }
    expect(errors).toEqual([expect.objectContaining({ reason, url: expect.stringContaining('/messages') as string })]);
  });

  it('ends with its signal, before the answer and in the middle', async () => {
    simulator.script([
      { text: 'x', delayMs: 5_000 },
      { text: 'x'.repeat(500), chunkDelayMs: 20 },
    ]);
    const first = new AbortController();
    const whole = generateText({ model: kimi()('k3'), prompt: 'hi', abortSignal: first.signal });
    await expect.poll(() => simulator.requests.length).toBeGreaterThan(1);
    first.abort();
    await expect(whole).rejects.toMatchObject({ name: 'AbortError' });
    const second = new AbortController();
    const { fullStream } = streamText({ model: kimi()('k3'), prompt: 'hi', abortSignal: second.signal });
    const types: string[] = [];
    for await (const { type } of fullStream) {
      types.push(type);
      if (type === 'text-delta') {
        second.abort();
      }
    }
    expect(types.at(-1)).toBe('abort');
    await expect.poll(() => simulator.requests.at(-1)?.clientGone).toBe(true);
  });

  it('is sent once more without signatures, where the server refuses its own', async () => {
    await simulator.close();
    simulator = await startKimiSimulator({ signatureAlphabet: 'base64url' });
    simulator.script([{ reasoning: 'hm', text: 'yes' }, { text: 'again' }]);
    const first = await generateText({ model: kimi()('k3'), prompt: 'hi' });
    const { text } = await generateText({
      model: kimi()('k3'),
      messages: [{ role: 'user', content: 'hi' }, ...first.responseMessages, { role: 'user', content: 'and?' }],
    });
    expect(text).toBe('again');
    const chats = simulator.requests.filter(({ path }) => path.endsWith('/messages'));
    expect(chats.map(({ status }) => status)).toEqual([200, 400, 200]);
    expect(chats.map(({ body }) => body.includes('"signature"'))).toEqual([false, true, false]);
    expect(chats[2]?.body).toContain('"thinking":"hm"');
  });

  it('takes thinking of a whole answer that has no signature', async () => {
    simulator.script([{ reasoning: 'hm', text: 'yes', signed: false }]);
    const { content } = await generateText({ model: kimi()('k3'), prompt: 'hi' });
    expect(content).toEqual([
      { type: 'reasoning', text: 'hm' },
      { type: 'text', text: 'yes' },
    ]);
  });
});

async function restarted(running: KimiSimulator): Promise<KimiSimulator> {
  await running.close();
  return startKimiSimulator({ files: ['v'] });
}
