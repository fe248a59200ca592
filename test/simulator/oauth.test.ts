import { expect, test } from 'vitest';
import { startKimiSimulator, type KimiSimulatorOptions } from '../../src/simulator/index';
import { getModels, lastRequest, poll, postForm, refresh, startDevice } from './simulator-client';

// A clock that stands still, so that only `advance` decides what is early or late.
const STILL: KimiSimulatorOptions = { now: () => 1_800_000_000_000 };

test('a device login is pending until it is approved, and the tokens work', async () => {
  await using simulator = await startKimiSimulator(STILL);
  const { status, body } = await startDevice(simulator);
  expect(status).toBe(200);
  expect(body).toMatchObject({ interval: 5, expires_in: 1800, verification_uri: `${simulator.url}/device` });
  expect(body.verification_uri_complete).toBe(`${simulator.url}/device?user_code=${String(body.user_code)}`);
  const pending = await poll(simulator, body.device_code);
  expect(pending.status).toBe(400);
  expect(pending.body).toMatchObject({ error: 'authorization_pending', error_description: expect.any(String) });
  simulator.approve(String(body.user_code));
  simulator.clock.advance(5000);
  const granted = await poll(simulator, body.device_code);
  expect(granted.status).toBe(200);
  expect(granted.body).toMatchObject({
    token_type: 'Bearer',
    expires_in: 900,
    scope: 'kimi-code',
    access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
  });
  expect((await getModels(simulator, granted.body.access_token)).status).toBe(200);
  expect(simulator.counts).toMatchObject({ deviceAuthorizations: 1, tokenPolls: 2, models: 1, refreshes: 0 });
});

test('a device code is good for one login', async () => {
  await using simulator = await startKimiSimulator({ ...STILL, autoApprove: true });
  const { body } = await startDevice(simulator);
  expect((await poll(simulator, body.device_code)).status).toBe(200);
  expect((await poll(simulator, body.device_code)).body.error).toBe('invalid_grant');
});

test('polling too early slows down by five seconds for good', async () => {
  await using simulator = await startKimiSimulator(STILL);
  const { body } = await startDevice(simulator);
  await poll(simulator, body.device_code);
  simulator.clock.advance(4000);
  expect((await poll(simulator, body.device_code)).body.error).toBe('slow_down');
  simulator.clock.advance(9500);
  expect((await poll(simulator, body.device_code)).body.error).toBe('slow_down');
  simulator.clock.advance(15_000);
  expect((await poll(simulator, body.device_code)).body.error).toBe('authorization_pending');
});

test('a denied and an expired device code', async () => {
  await using simulator = await startKimiSimulator({ ...STILL, deviceLifetime: 60 });
  const { body: denied } = await startDevice(simulator);
  simulator.deny(String(denied.user_code));
  expect((await poll(simulator, denied.device_code)).body.error).toBe('access_denied');
  const { body: expired } = await startDevice(simulator);
  simulator.clock.advance(60_000);
  expect((await poll(simulator, expired.device_code)).body.error).toBe('expired_token');
  expect(() => simulator.approve('NONE-NONE')).toThrow(/NONE-NONE/);
});

test('a refresh rotates both tokens, and the old access token lives to its end', async () => {
  await using simulator = await startKimiSimulator(STILL);
  const first = simulator.signIn();
  const { status, body: second } = await refresh(simulator, first.refresh_token);
  expect(status).toBe(200);
  expect(second.access_token).not.toBe(first.access_token);
  expect(second.refresh_token).not.toBe(first.refresh_token);
  expect((await getModels(simulator, first.access_token)).status).toBe(200);
  simulator.clock.advance(900_000);
  expect((await getModels(simulator, first.access_token)).status).toBe(401);
  expect({ rotations: simulator.rotations, reuses: simulator.reuses, chainRevoked: simulator.chainRevoked }).toEqual({
    rotations: 1,
    reuses: 0,
    chainRevoked: false,
  });
});

test('a refresh token that comes back revokes its whole chain, and no other', async () => {
  await using simulator = await startKimiSimulator(STILL);
  const first = simulator.signIn();
  const other = simulator.signIn();
  const { body: second } = await refresh(simulator, first.refresh_token);
  const reused = await refresh(simulator, first.refresh_token);
  expect(reused.status).toBe(400);
  expect(reused.body.error).toBe('invalid_grant');
  expect(lastRequest(simulator).refusedBy).toBe('refresh-reused');
  expect(simulator.chainRevoked).toBe(true);
  expect((await getModels(simulator, second.access_token)).status).toBe(401);
  expect((await refresh(simulator, second.refresh_token)).body.error).toBe('invalid_grant');
  expect((await getModels(simulator, other.access_token)).status).toBe(200);
  expect((await refresh(simulator, other.refresh_token)).status).toBe(200);
});

test('within the grace a used refresh token gets another pair, afterwards it revokes', async () => {
  await using simulator = await startKimiSimulator({ ...STILL, reuseGraceMs: 2000 });
  const first = simulator.signIn();
  await refresh(simulator, first.refresh_token);
  simulator.clock.advance(1999);
  const again = await refresh(simulator, first.refresh_token);
  expect(again.status).toBe(200);
  expect(lastRequest(simulator).answeredRules).toEqual(['refresh-within-grace']);
  expect((await refresh(simulator, again.body.refresh_token)).status).toBe(200);
  simulator.clock.advance(1);
  expect((await refresh(simulator, first.refresh_token)).body.error).toBe('invalid_grant');
  expect(simulator.chainRevoked).toBe(true);
});

test('expireTokens kills access tokens only, revoke kills the login, at the status that was asked for', async () => {
  await using simulator = await startKimiSimulator({ ...STILL, invalidGrantStatus: 401 });
  const first = simulator.signIn();
  simulator.expireTokens();
  expect((await getModels(simulator, first.access_token)).status).toBe(401);
  const { status, body: second } = await refresh(simulator, first.refresh_token);
  expect(status).toBe(200);
  simulator.revoke();
  expect((await getModels(simulator, second.access_token)).status).toBe(401);
  const dead = await refresh(simulator, second.refresh_token);
  expect(dead).toMatchObject({ status: 401, body: { error: 'invalid_grant' } });
});

test.each([
  [
    'another client',
    '/api/oauth/token',
    { client_id: 'someone', grant_type: 'refresh_token', refresh_token: 'x' },
    401,
    'invalid_client',
  ],
  ['another client', '/api/oauth/device_authorization', { client_id: 'someone' }, 401, 'invalid_client'],
  ['no grant type', '/api/oauth/token', {}, 400, 'invalid_request'],
  ['no refresh token', '/api/oauth/token', { grant_type: 'refresh_token' }, 400, 'invalid_request'],
  ['another grant', '/api/oauth/token', { grant_type: 'password' }, 400, 'unsupported_grant_type'],
  [
    'an unknown refresh token',
    '/api/oauth/token',
    { grant_type: 'refresh_token', refresh_token: 'x' },
    400,
    'invalid_grant',
  ],
])('%s is refused at %s', async (_, path, form, status, error) => {
  await using simulator = await startKimiSimulator();
  expect(await postForm(simulator, path, form as Record<string, string>)).toMatchObject({ status, body: { error } });
});

test('a body that is not a form is refused, and a scope is noticed', async () => {
  await using simulator = await startKimiSimulator();
  const response = await fetch(`${simulator.oauthHost}/api/oauth/device_authorization`, {
    method: 'POST',
    body: '{}',
    headers: { 'content-type': 'application/json' },
  });
  expect(response.status).toBe(400);
  await postForm(simulator, '/api/oauth/device_authorization', { scope: 'all' });
  expect(lastRequest(simulator).notices).toEqual(['unknown-oauth-parameter: scope']);
});

test('the page behind the verification link lets a person decide', async () => {
  await using simulator = await startKimiSimulator(STILL);
  const { body } = await startDevice(simulator);
  const link = String(body.verification_uri_complete);
  expect(await (await fetch(link)).text()).toContain('Approve');
  await fetch(link, { method: 'POST', body: new URLSearchParams({ decision: 'approved' }) });
  expect((await poll(simulator, body.device_code)).status).toBe(200);
});
