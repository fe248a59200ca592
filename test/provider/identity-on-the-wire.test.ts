import { generateText, streamText } from 'ai';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { bindingOf } from '../../src/credentials/credential-binding';
import { memoryCredentialStore } from '../../src/credential-stores';
import type { CredentialStore } from '../../src/index';
import { startKimiSimulator } from '../../src/simulator/index';
import { failure } from '../support/failure';
import { COMBINATIONS } from '../support/majors';
import { createKimi } from '../../src/v4';
import { chatServerOfFile, startChatServer } from '../support/chat-server';

const server = await chatServerOfFile();
afterEach(() => vi.unstubAllEnvs());

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

  it.each([
    ['the setting', 'package' as const, undefined],
    ['KIMI_IDENTITY', undefined, 'package'],
    ['the setting, which beats KIMI_IDENTITY', 'package' as const, 'kimi-code'],
  ])("states this package's own name and nothing else by %s", async (_, identity, variable) => {
    vi.stubEnv('KIMI_IDENTITY', variable);
    const kimi = createKimi({ ...settings(), identity });
    await ai.streamText({ model: kimi('kimi-for-coding'), prompt: 'hi' }).text;
    expect(wireValues('user-agent')).toEqual([expect.stringMatching(/^ai-sdk-provider-kimi\/\d/)]);
    expect(wireNames().filter(name => /^x-msh-/i.test(name))).toEqual([]);
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

describe('KIMI_IDENTITY', () => {
  it('counts at each request, and for the coding service alone', async () => {
    const kimi = createKimi({ baseURL: server.baseURL, apiKey: 'sk-kimi-test' });
    vi.stubEnv('KIMI_IDENTITY', 'kimi-code');
    expect((await kimi.auth.status()).identity).toBe('kimi-code');
    vi.stubEnv('KIMI_IDENTITY', 'package');
    expect((await kimi.auth.status()).identity).toBe('package');
    await streamText({ model: kimi('kimi-for-coding'), prompt: 'hi' }).text;
    expect(wireValues('user-agent')).toEqual([expect.stringMatching(/^ai-sdk-provider-kimi\//)]);
    vi.stubEnv('KIMI_IDENTITY', 'kimi-code');
    const platform = createKimi({ baseURL: server.baseURL, apiKey: 'sk-test', service: 'platform' });
    expect((await platform.auth.status()).identity).toBe('package');
  });

  it('counts for the renewal of a login, too, so that the sets of two clients never mix', async () => {
    await using simulator = await startKimiSimulator({ tokenLifetime: 600 });
    const { access_token, refresh_token, expires_in, scope, token_type } = simulator.signIn();
    const issuedFor = bindingOf(simulator);
    const kimi = createKimi({
      baseURL: simulator.apiBaseURL,
      oauthHost: simulator.oauthHost,
      now: simulator.clock.now,
      credentialStore: memoryCredentialStore({
        type: 'oauth',
        accessToken: access_token,
        refreshToken: refresh_token,
        expiresAt: Math.floor(simulator.clock.now() / 1000) + expires_in,
        expiresIn: expires_in,
        scope,
        tokenType: token_type,
        issuedFor,
      }),
    });
    for (const word of ['kimi-code', 'kimi-cli']) {
      vi.stubEnv('KIMI_IDENTITY', word);
      await kimi.auth.getAccessToken();
      simulator.clock.advance(10 * 60_000);
      await kimi.auth.getAccessToken();
      const renewals = simulator.requests.filter(({ path }) => path.endsWith('/token'));
      expect(renewals.map(({ headers }) => headers['user-agent'])).toEqual([
        expect.stringMatching(word === 'kimi-cli' ? /^KimiCLI/ : /^kimi-code-cli/),
      ]);
      simulator.clearRequests();
    }
  });

  it('is an error where it is no word, which names the words', async () => {
    vi.stubEnv('KIMI_IDENTITY', 'claude-code');
    const kimi = createKimi({ baseURL: server.baseURL, apiKey: 'sk-kimi-test' });
    await expect(kimi.models()).rejects.toThrow('KIMI_IDENTITY must be one of kimi-cli, kimi-code, package');
  });

  it.each([
    [undefined, 'kimi-cli', ['KimiCLI/1.49.0']],
    ['kimi-code', 'kimi-cli', ['KimiCLI/1.49.0']],
    ['package', 'package', [expect.stringMatching(/^ai-sdk-provider-kimi\//)]],
  ] as const)(
    '%s with the login of kimi-cli is %s: never another client, but a name of our own',
    async (word, name, sent) => {
      vi.stubEnv('KIMI_IDENTITY', word);
      const store: CredentialStore = {
        ...memoryCredentialStore({ type: 'api-key', key: 'sk-kimi-test', service: 'coding', region: 'mainland-cn' }),
        impliedIdentity: 'kimi-cli',
        impliedBinding: bindingOf({ oauthHost: 'https://auth.kimi.com', apiBaseURL: server.baseURL }),
      };
      const kimi = createKimi({ baseURL: server.baseURL, credentialStore: store });
      expect((await kimi.auth.status()).identity).toBe(name);
      await streamText({ model: kimi('kimi-for-coding'), prompt: 'hi' }).text;
      expect(wireValues('user-agent')).toEqual(sent);
    },
  );
});

it("names the identity that the server's gate refused, and the words there are", async () => {
  await using simulator = await startKimiSimulator({ gate: 'known-agents' });
  const kimi = createKimi({ baseURL: simulator.apiBaseURL, apiKey: 'sk-kimi-simulator', identity: 'package' });
  const error = await failure(() => generateText({ model: kimi('kimi-for-coding'), prompt: 'hi', maxRetries: 0 }));
  expect(error).toMatchObject({ code: 'KIMI_IDENTITY_REFUSED', statusCode: 403 });
  expect((error as Error).message).toMatch(/it came from "package".*'package' .*'kimi-cli' .*suspended.*doctor --chat/);
});

describe('identity headers', () => {
  it('go to no host but those of Kimi and of the settings, and nothing else is added or taken there', async () => {
    const elsewhere = await startChatServer();
    try {
      const kimi = createKimi({ baseURL: server.baseURL, apiKey: 'sk-kimi-test', headers: { 'x-team': 'blue' } });
      const init = { method: 'POST', headers: { 'User-Agent': 'caller/1', 'x-call': 'green', authorization: 'a' } };
      await kimi.auth.fetch(`${elsewhere.origin}/file`, init);
      await kimi.auth.fetch(new Request(`${elsewhere.origin}/file`, init));
      await kimi.auth.fetch(new URL(`${elsewhere.origin}/file`), init);
      expect(elsewhere.requests).toHaveLength(3);
      for (const { headers } of elsewhere.requests) {
        expect(headers).toMatchObject({ 'user-agent': 'caller/1', 'x-call': 'green' });
        expect(Object.keys(headers).filter(name => /^(x-msh-|authorization|x-team)/.test(name))).toEqual([]);
      }
      await kimi.auth.fetch(`${server.origin}/file`, init);
      expect(server.requests[0]?.headers).toMatchObject({
        'user-agent': 'KimiCLI/1.49.0',
        'x-msh-platform': 'kimi_cli',
      });
    } finally {
      await elsewhere.close();
    }
  });

  it.each([
    ['https://api.kimi.com/coding/v1/files', {}, true],
    ['https://auth.kimi.ai/api', {}, true],
    ['https://auth.example/api', { oauthHost: 'https://auth.example' }, true],
    ['https://api.moonshot.ai/v1/files', {}, false],
    ['https://api.moonshot.ai/v1/files', { service: 'platform', identity: 'kimi-cli' }, true],
    ['http://api.kimi.com/coding/v1/files', {}, false],
    ['https://api.kimi.com.example/coding/v1/files', {}, false],
    ['https://api.kimi.com:8443/coding/v1/files', {}, false],
    ['https://cdn.example/picture.png', {}, false],
  ] as const)('to %s with %j: %j', async (url, settings, isSent) => {
    const seen: Headers[] = [];
    const fetch: typeof globalThis.fetch = async (_, init) => {
      seen.push(new Headers(init?.headers));
      return new Response('{}');
    };
    await createKimi({ apiKey: 'sk-kimi-test', ...settings, fetch }).auth.fetch(url);
    expect(seen.map(headers => headers.has('x-msh-device-id'))).toEqual([isSent]);
  });
});
