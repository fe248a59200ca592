import { describe, expect, it } from 'vitest';
import { COMBINATIONS } from '../support/majors';
import { chatServerOfFile } from '../support/chat-server';

const server = await chatServerOfFile();

/** Names as they went over the wire, in their case and order. */
const wireNames = () => (server.requests[0]?.rawHeaders ?? []).filter((_, index) => index % 2 === 0);
const wireValues = (name: string) =>
  (server.requests[0]?.rawHeaders ?? []).filter(
    (_, index, all) => index % 2 === 1 && all[index - 1]?.toLowerCase() === name.toLowerCase(),
  );

describe.each(COMBINATIONS)('$name', ({ ai, createKimi }) => {
  const settings = () => ({ baseURL: server.baseURL, apiKey: 'sk-kimi-test' });

  it('sends exactly the identity, whatever the host, the settings and the SDK put into the headers', async () => {
    const kimi = createKimi({
      ...settings(),
      headers: {
        'user-agent': 'settings/1',
        'X-MSH-PLATFORM': 'spoofed',
        authorization: 'Bearer other',
        'x-team': 'blue',
      },
    });
    await ai
      .generateText({
        model: kimi('kimi-for-coding'),
        prompt: 'hi',
        headers: {
          'User-Agent': 'opencode/1.18.33',
          'x-msh-version': '0',
          Authorization: 'Bearer call',
          'x-api-key': 'call',
          'x-call': 'green',
        },
        maxRetries: 0,
      })
      .catch(() => {
        // The server answers with a stream only; what counts here is what was sent.
      });
    expect(wireValues('user-agent')).toEqual(['KimiCLI/1.49.0']);
    expect(wireValues('x-msh-platform')).toEqual(['kimi_cli']);
    expect(wireValues('x-msh-version')).toEqual(['1.49.0']);
    expect(wireValues('authorization')).toEqual(['Bearer sk-kimi-test']);
    expect(wireValues('x-api-key')).toEqual([]);
    expect(wireValues('x-team')).toEqual(['blue']);
    expect(wireValues('x-call')).toEqual(['green']);
    expect(wireNames().filter(name => /^(user-agent|x-msh-)/i.test(name))).toEqual([
      'User-Agent',
      'X-Msh-Platform',
      'X-Msh-Version',
      'X-Msh-Device-Name',
      'X-Msh-Device-Model',
      'X-Msh-Os-Version',
      'X-Msh-Device-Id',
    ]);
  });

  it.each([
    ['kimi-code' as const, 'kimi-code-cli/2.1.0', 'kimi_code_cli'],
    [{ product: 'my-agent', version: '1.4.0', platform: 'my_agent', deviceId: 'd1' }, 'my-agent/1.4.0', 'my_agent'],
  ])('sends the identity %j', async (identity, userAgent, platform) => {
    const kimi = createKimi({ ...settings(), identity });
    await ai.streamText({ model: kimi('kimi-for-coding'), prompt: 'hi' }).text;
    expect(wireValues('user-agent')).toEqual([userAgent]);
    expect(wireValues('x-msh-platform')).toEqual([platform]);
  });

  it('sends the platform no identity but its own User-Agent', async () => {
    const kimi = createKimi({ ...settings(), service: 'platform' });
    await ai.streamText({ model: kimi('kimi-k2.6'), prompt: 'hi' }).text;
    expect(wireValues('user-agent')).toEqual([expect.stringMatching(/^ai-sdk-provider-kimi\/\d/)]);
    expect(wireNames().filter(name => /^x-msh-/i.test(name))).toEqual([]);
  });

  it('goes through the fetch of the settings, which sees the final headers', async () => {
    const seen: string[] = [];
    const kimi = createKimi({
      ...settings(),
      fetch: async (input, init) => {
        seen.push(`${new URL(input as string).pathname} ${new Headers(init?.headers).get('user-agent')}`);
        return globalThis.fetch(input, init);
      },
    });
    expect(await ai.streamText({ model: kimi('kimi-for-coding'), prompt: 'hi' }).text).toBe('hello');
    expect(seen).toEqual(['/coding/v1/models KimiCLI/1.49.0', '/coding/v1/chat/completions KimiCLI/1.49.0']);
  });
});
