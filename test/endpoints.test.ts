import { describe, expect, it } from 'vitest';
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
