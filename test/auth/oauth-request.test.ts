import { expect, describe, it } from 'vitest';
import { failure } from '../support/failure';
import { pollDeviceToken, requestDeviceAuthorization } from '../../src/auth/device-authorization';
import type { OAuthHost } from '../../src/auth/oauth-host';
import { refreshTokens } from '../../src/auth/token-endpoint';
import { createSameOriginFetch } from '../../src/transport/fetch';
import { OAUTH_CLIENT_ID } from '../../src/upstream';

const HOST = 'https://auth.kimi.com';
const LOGIN = {
  type: 'oauth',
  accessToken: 'old',
  refreshToken: 'spent',
  expiresAt: 0,
  expiresIn: 900,
  scope: '',
  tokenType: 'Bearer',
} as const;

/** An OAuth host that gives one answer; `sent` is what it was asked. */
function hostWith(answer: () => Response): OAuthHost & { sent: Request[] } {
  const sent: Request[] = [];
  return {
    oauthHost: HOST,
    sent,
    fetch: async (input, init) => {
      sent.push(new Request(input, init));
      return answer();
    },
  };
}

const refresh = (host: OAuthHost) => refreshTokens(LOGIN, { ...host, sleep: async () => undefined });

describe('a request to the OAuth host', () => {
  it(
    'is the form of the official client, field by field in its order (docs/wire.md#device-authorization, ' +
      '#refresh-request)',
    async () => {
      const host = hostWith(() => Response.json({ error: 'invalid_request' }, { status: 400 }));
      await requestDeviceAuthorization(host).catch(() => undefined);
      await pollDeviceToken(host, { deviceCode: 'a b', interval: 5 }).catch(() => undefined);
      await refresh(host);
      expect(await Promise.all(host.sent.map(async request => [request.url, await request.text()]))).toEqual([
        [`${HOST}/api/oauth/device_authorization`, `client_id=${OAUTH_CLIENT_ID}`],
        [
          `${HOST}/api/oauth/token`,
          `client_id=${OAUTH_CLIENT_ID}&device_code=a+b&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code`,
        ],
        [`${HOST}/api/oauth/token`, `client_id=${OAUTH_CLIENT_ID}&grant_type=refresh_token&refresh_token=spent`],
      ]);
      for (const { method, headers, redirect } of host.sent) {
        expect({ method, redirect, headers: Object.fromEntries(headers) }).toEqual({
          method: 'POST',
          redirect: 'manual',
          headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
        });
      }
    },
  );
});

describe('an answer of the OAuth host', () => {
  it.each([
    [
      'JSON that calls itself a page',
      () => new Response('{"access_token":"a"}', { headers: { 'content-type': 'x/y' } }),
    ],
    ['201', () => Response.json({ access_token: 'a', token_type: 'BEARER' }, { status: 201 })],
    ['a challenge', () => Response.json({ access_token: 'a' }, { headers: { 'www-authenticate': 'Bearer' } })],
  ])('is a success by its status and fields alone: %s', async (_name, answer) => {
    expect(await refresh(hostWith(answer))).toMatchObject({
      outcome: 'rotated',
      credentials: { accessToken: 'a', refreshToken: 'spent' },
    });
  });

  it.each([
    ['no token', { access_token: '' }],
    ['a token for another scheme', { access_token: 'a', token_type: 'mac' }],
    ['an array', [{ access_token: 'a' }]],
    ['more than 64 kB', { access_token: 'a', scope: 'x'.repeat(70_000) }],
  ])('is none without a login in it: %s', async (_name, body) => {
    const result = await refresh(hostWith(() => Response.json(body)));
    expect(result).toMatchObject({ outcome: 'unavailable', retryable: false, status: 200 });
    expect(JSON.stringify(result)).not.toContain('access_token');
  });

  it('that breaks off is a failure of the network, not a refusal', async () => {
    const broken = () =>
      new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue(new TextEncoder().encode('{"error":"invalid_grant"'));
            controller.error(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
          },
        }),
        { status: 400 },
      );
    const host = hostWith(broken);
    expect(await refresh(host)).toEqual({ outcome: 'unavailable', reason: 'ECONNRESET', retryable: true });
    expect(host.sent).toHaveLength(3);
  });
});

describe('a token that cannot be sent', () => {
  it.each([
    ['a line break in the access token', { access_token: 'new\r\nX-Other: 1', refresh_token: 'next' }],
    ['a blank in the access token', { access_token: 'new token', refresh_token: 'next' }],
    ['a letter outside ASCII in the access token', { access_token: 'n\u00ebw', refresh_token: 'next' }],
    ['a control character in the refresh token', { access_token: 'new', refresh_token: 'next\u0000' }],
    ['a letter outside ASCII in the refresh token', { access_token: 'new', refresh_token: 'n\u4f60xt' }],
  ])('is no login: %s', async (_name, body) => {
    expect(await refresh(hostWith(() => Response.json(body)))).toEqual({
      outcome: 'unavailable',
      reason: 'a token with characters that no token has',
      retryable: false,
      mayBeSpent: true,
    });
    const poll = pollDeviceToken(
      hostWith(() => Response.json(body)),
      { deviceCode: 'code', interval: 5 },
    );
    await expect(poll).rejects.toMatchObject({
      code: 'KIMI_DEVICE_LOGIN',
      reason: 'refused',
      message: expect.stringContaining('(a token with characters that no token has)'),
    });
  });
});

/** Has the form of an OAuth code, and of a host. */
const SECRET = 'canarybirdofthenorthseawhosings';
const thrown = (more: object): never => {
  throw Object.assign(new Error('x'), more);
};

it.each([
  ['as an OAuth error', () => Response.json({ error: SECRET }, { status: 400 })],
  ['in a longer OAuth error', () => Response.json({ error: `unknown_${SECRET}` }, { status: 400 })],
  ['as the name of what fetch throws', () => thrown({ name: SECRET })],
  ['as its code', () => thrown({ code: `E_${SECRET.toUpperCase()}` })],
  ['as a host to go to', () => Response.redirect(`https://${SECRET}.example/`)],
])('a token or code that comes back %s is not shown', async (_name, answer) => {
  const host = hostWith(answer);
  const guarded = { ...host, fetch: createSameOriginFetch(host.fetch), sleep: async () => undefined };
  const shown = [
    JSON.stringify(await refreshTokens({ ...LOGIN, refreshToken: SECRET }, guarded)),
    String(await failure(() => pollDeviceToken(guarded, { deviceCode: SECRET, interval: 5 }))),
  ].join('\n');
  expect(shown).not.toMatch(/canary/i);
  expect(shown).toMatch(/\[secret\]|undefined$/);
});

it('a device code in the page to open is not shown', async () => {
  const body = { device_code: SECRET, user_code: 'USER', verification_uri: `https://${SECRET}.example/` };
  const error = await failure(() => requestDeviceAuthorization(hostWith(() => Response.json(body))));
  expect(error).toMatchObject({
    reason: 'untrusted-url',
    message: expect.stringContaining('https://[secret].example'),
  });
});
