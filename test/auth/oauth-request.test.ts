import { expect, describe, it } from 'vitest';
import { pollDeviceToken, requestDeviceAuthorization } from '../../src/auth/device-authorization';
import type { OAuthHost } from '../../src/auth/oauth-host';
import { refreshTokens } from '../../src/auth/token-endpoint';
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
