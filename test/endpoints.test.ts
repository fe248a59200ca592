import { describe, expect, it } from 'vitest';
import { KimiInvalidArgumentError } from '../src/errors/kimi-error';
import { resolveEndpoints } from '../src/endpoints';

describe('resolveEndpoints', () => {
  it.each([
    ['coding by default in the mainland', {}, {}, 'https://api.kimi.com/coding/v1', 'https://auth.kimi.com'],
    ['coding, global', { region: 'global' }, {}, 'https://api.kimi.ai/coding/v1', 'https://auth.kimi.ai'],
    ['platform by default global', { service: 'platform' }, {}, 'https://api.moonshot.ai/v1', 'https://auth.kimi.ai'],
    [
      'platform, mainland',
      { service: 'platform', region: 'mainland-cn' },
      {},
      'https://api.moonshot.cn/v1',
      'https://auth.kimi.com',
    ],
    [
      'a variable before the region',
      { region: 'global' },
      { KIMI_CODE_BASE_URL: 'http://127.0.0.1:1/coding/v1' },
      'http://127.0.0.1:1/coding/v1',
      'https://auth.kimi.ai',
    ],
    [
      'a setting before the variable',
      { baseURL: 'http://127.0.0.1:2/v1' },
      { KIMI_CODE_BASE_URL: 'http://127.0.0.1:1/v1' },
      'http://127.0.0.1:2/v1',
      'https://auth.kimi.com',
    ],
    [
      'no coding variable for the platform',
      { service: 'platform' },
      { KIMI_CODE_BASE_URL: 'http://127.0.0.1:1/v1' },
      'https://api.moonshot.ai/v1',
      'https://auth.kimi.ai',
    ],
    [
      "the platform's own variable before the region",
      { service: 'platform', region: 'global' },
      { MOONSHOT_BASE_URL: 'https://api.moonshot.cn' },
      'https://api.moonshot.cn/v1',
      'https://auth.kimi.ai',
    ],
    [
      'a setting before that',
      { service: 'platform', baseURL: 'http://127.0.0.1:2/v1' },
      { MOONSHOT_BASE_URL: 'https://api.moonshot.cn/v1' },
      'http://127.0.0.1:2/v1',
      'https://auth.kimi.ai',
    ],
    [
      'no variable of the platform for coding',
      {},
      { MOONSHOT_BASE_URL: 'https://api.moonshot.cn/v1' },
      'https://api.kimi.com/coding/v1',
      'https://auth.kimi.com',
    ],
    [
      'the first OAuth variable',
      {},
      { KIMI_CODE_OAUTH_HOST: 'http://127.0.0.1:3/', KIMI_OAUTH_HOST: 'http://127.0.0.1:4' },
      'https://api.kimi.com/coding/v1',
      'http://127.0.0.1:3',
    ],
    [
      'the second OAuth variable',
      {},
      { KIMI_OAUTH_HOST: 'http://127.0.0.1:4' },
      'https://api.kimi.com/coding/v1',
      'http://127.0.0.1:4',
    ],
    [
      'empty variables as unset',
      {},
      { KIMI_CODE_BASE_URL: '', KIMI_CODE_OAUTH_HOST: ' ' },
      'https://api.kimi.com/coding/v1',
      'https://auth.kimi.com',
    ],
    [
      'slashes and a missing version',
      { baseURL: 'https://api.kimi.com/coding//' },
      {},
      'https://api.kimi.com/coding/v1',
      'https://auth.kimi.com',
    ],
  ] as const)('%s', (_, settings, environment, apiBaseURL, oauthHost) => {
    expect(resolveEndpoints(settings, environment)).toMatchObject({ apiBaseURL, oauthHost });
  });

  it.each([
    [{ baseURL: 'api.kimi.com' }, '"baseURL" must be an http(s) URL'],
    [{ baseURL: 'https://user:secret@api.kimi.com' }, '"baseURL" must be an http(s) URL without user name or password'],
    [{ region: 'mars' }, `The setting "region" must be one of 'mainland-cn', 'global', not "mars".`],
    [{ service: 'chat' }, `The setting "service" must be one of 'coding', 'platform', not "chat".`],
  ])('refuses %j', (settings, text) => {
    expect(() => resolveEndpoints(settings as never, {})).toThrow(text);
    expect(() => resolveEndpoints(settings as never, {})).not.toThrow('secret');
  });
});

describe('plain http to another machine', () => {
  const PLAIN = 'http://host.docker.internal:8080/secret/v1';
  const both = { service: 'coding', allowInsecure: true } as const;

  it.each([
    ['baseURL', { baseURL: PLAIN }, {}],
    ['baseURL', { baseURL: PLAIN, service: 'platform' }, {}],
    ['oauthHost', { oauthHost: PLAIN }, {}],
    ['KIMI_CODE_BASE_URL', {}, { KIMI_CODE_BASE_URL: PLAIN }],
    ['MOONSHOT_BASE_URL', { service: 'platform' }, { MOONSHOT_BASE_URL: PLAIN }],
    ['KIMI_CODE_OAUTH_HOST', {}, { KIMI_CODE_OAUTH_HOST: PLAIN }],
    ['KIMI_OAUTH_HOST', {}, { KIMI_OAUTH_HOST: PLAIN }],
    ['baseURL', { baseURL: 'http://127.0.0.1.evil.example/v1' }, {}],
    ['baseURL', { baseURL: 'http://localhost.evil.example/v1' }, {}],
    ['baseURL', { baseURL: PLAIN, allowInsecure: 'false' }, {}],
  ])('is refused as %s %j, and the error says how to allow it', (argument, settings, environment) => {
    const error = caught(() => resolveEndpoints(settings as never, environment));
    expect(KimiInvalidArgumentError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({ argument, message: expect.stringContaining('allowInsecure: true') });
    expect(String(error)).toContain('--allow-insecure');
    expect(String(error)).not.toContain('secret');
  });

  it('is taken with allowInsecure, from settings and variables', () => {
    const expected = { apiBaseURL: PLAIN, oauthHost: PLAIN };
    expect(resolveEndpoints({ ...both, baseURL: PLAIN, oauthHost: PLAIN }, {})).toMatchObject(expected);
    const variables = { KIMI_CODE_BASE_URL: PLAIN, KIMI_CODE_OAUTH_HOST: PLAIN };
    expect(resolveEndpoints(both, variables)).toMatchObject(expected);
  });

  it.each(['http://localhost:1/v1', 'http://127.0.0.1/v1', 'http://127.8.8.8:1/v1', 'http://[::1]:1/v1'])(
    'is none at %s, which is this machine',
    baseURL => {
      expect(resolveEndpoints({ baseURL }, {}).apiBaseURL).toBe(baseURL);
    },
  );
});

function caught(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}
