/**
 * What must hold of every store that several hosts and accounts are pointed at: two Kimis over real HTTP, two accounts,
 * one place (docs/decisions.md#38-bound-credentials). Part of the contract of stores.
 */
import { expect, test } from 'vitest';
import { bindingOf } from '../../src/credentials/credential-binding';
import type { KimiCredentials, KimiOAuthCredentials } from '../../src/credentials/credential-store';
import type { KimiProviderSettings } from '../../src/index';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { createKimi } from '../../src/v4';
import { failure } from '../support/failure';
import type { CredentialStoreFixture } from './contract';

type Seeker = 'the other account' | 'the other host' | 'the other account of the other host';
const SEEKERS: readonly Seeker[] = ['the other account', 'the other host', 'the other account of the other host'];

/** `here` is where the login of account `work` is of. */
type Scene = Record<'here' | 'there', KimiSimulator> & {
  owner: ReturnType<typeof createKimi>;
  seeker: ReturnType<typeof createKimi>;
  /** What the seeker has sent. */
  sent: readonly string[];
  saved: () => Promise<KimiCredentials | undefined>;
};

export function describeBindings(current: () => CredentialStoreFixture): void {
  test('keeps for whom a credential was issued, also once its login has ended', async () => {
    const { store, reopen } = current();
    const issuedFor = { oauthHost: 'https://auth.kimi.com', apiOrigin: 'https://api.kimi.com', account: 'wörk' };
    for (const credentials of [login({ issuedFor }), login({ issuedFor, accessToken: '', refreshToken: '' })]) {
      await store.save(credentials);
      expect(await reopen().load()).toEqual(credentials);
    }
    const key = { type: 'api-key', key: 'k', service: 'coding', region: 'global', issuedFor } as const;
    await store.save(key);
    expect(await reopen().load()).toEqual(key);
  });

  test.each(SEEKERS)('hides, keeps and protects a login from %s', async seeker => {
    await withScene(current(), seeker, async ({ here, owner, seeker, sent, saved }) => {
      await owner.auth.login({ onVerification: () => {} });
      const record = await saved();
      expect(record?.issuedFor).toEqual(bindingOf({ ...here, account: 'work' }));

      const refused = await failure(() => seeker.auth.getAccessToken());
      expect(refused).toMatchObject({ code: 'KIMI_LOGIN_REQUIRED', reason: 'missing' });
      expect(String(refused)).toContain(`account "work" at ${here.oauthHost}`);
      expect(await failure(() => chat(seeker))).toMatchObject({ code: 'KIMI_LOGIN_REQUIRED', reason: 'missing' });
      const status = await seeker.auth.status();
      expect(status).toMatchObject({ state: 'missing', otherLogin: { account: 'work', oauthHost: here.oauthHost } });
      for (const attempt of [
        () => seeker.auth.login({ onVerification: () => {} }),
        () => seeker.auth.startDeviceLogin(),
        () => seeker.auth.save(login()),
        () => seeker.auth.save({ type: 'api-key', key: 'k', service: 'coding', region: 'global' }),
      ]) {
        const error = await failure(attempt);
        expect(error).toMatchObject({ code: 'KIMI_CREDENTIAL_STORE', reason: 'other-login', operation: 'save' });
        expect(String(error)).toContain(`account "work" at ${here.oauthHost}`);
      }
      expect(await failure(() => seeker.auth.save(record!))).toMatchObject({ argument: 'credentials.issuedFor' });
      await seeker.auth.logout();

      expect(sent).toEqual([]);
      expect(await saved()).toEqual(record);
      expect(await chat(owner)).toBe('You said: hi');
    });
  });

  test.each(SEEKERS)('never lets %s renew or end a login', async seeker => {
    await withScene(current(), seeker, async ({ here, there, owner, seeker, sent, saved }) => {
      const { store } = current();
      const due = login({ ...tokensOf(here), issuedFor: bindingOf({ ...here, account: 'work' }) });
      await store.save(due);
      // Whoever is asked there calls it dead.
      there.fault({ match: { path: '/api/oauth/token' }, times: 99, status: 400, body: { error: 'invalid_grant' } });
      expect(await failure(() => seeker.auth.getAccessToken())).toMatchObject({ code: 'KIMI_LOGIN_REQUIRED' });
      expect(sent).toEqual([]);
      expect(await saved()).toEqual(due);

      expect(await chat(owner)).toBe('You said: hi');
      const renewed = await saved();
      expect(renewed).toMatchObject({ type: 'oauth', issuedFor: due.issuedFor });
      expect((renewed as KimiOAuthCredentials).refreshToken).not.toBe(due.refreshToken);
      expect(await failure(() => seeker.auth.getAccessToken())).toMatchObject({ code: 'KIMI_LOGIN_REQUIRED' });
      expect(sent).toEqual([]);
    });
  });

  test('leaves the place of a login that has ended to whoever signs in next', async () => {
    await withScene(current(), 'the other account of the other host', async scene => {
      const { here, there, owner, seeker, saved } = scene;
      const { store } = current();
      await store.save(login({ ...tokensOf(here), issuedFor: bindingOf({ ...here, account: 'work' }) }));
      here.revoke();
      expect(await failure(() => owner.auth.getAccessToken())).toMatchObject({ reason: 'revoked' });
      const ended = { accessToken: '', refreshToken: '', issuedFor: bindingOf({ ...here, account: 'work' }) };
      expect(await saved()).toMatchObject(ended);
      await seeker.auth.logout();
      expect(await saved()).toMatchObject(ended);
      await seeker.auth.login({ onVerification: () => {} });
      expect(await saved()).toMatchObject({ issuedFor: bindingOf({ ...there, account: 'private' }) });
      expect(await chat(seeker)).toBe('You said: hi');
    });
  });

  test.each(SEEKERS)('hides a saved key from %s', async seeker => {
    await withScene(current(), seeker, async ({ here, owner, seeker, sent, saved }) => {
      const key = { type: 'api-key', key: 'sk-kimi-simulator', service: 'coding', region: 'mainland-cn' } as const;
      await owner.auth.save(key);
      expect(await saved()).toEqual({ ...key, issuedFor: bindingOf({ ...here, account: 'work' }) });
      expect(await failure(() => chat(seeker))).toMatchObject({ code: 'KIMI_LOGIN_REQUIRED', reason: 'missing' });
      await seeker.auth.logout();
      expect(sent).toEqual([]);
      expect(await chat(owner)).toBe('You said: hi');
    });
  });

  test('takes no host but Kimi’s own for the one of a record that does not say it', async () => {
    await withScene(current(), 'the other host', async ({ here, owner, seeker, sent, saved }) => {
      const { store } = current();
      const unbound = login(tokensOf(here));
      await store.save(unbound);
      for (const provider of [owner, seeker]) {
        const error = await failure(() => chat(provider));
        expect(error).toMatchObject({ code: 'KIMI_LOGIN_REQUIRED', reason: 'missing' });
        expect(String(error)).toContain('does not say which host it is of');
        expect(await provider.auth.status()).toMatchObject({ state: 'missing', otherLogin: {} });
        expect(await failure(() => provider.auth.login({ onVerification: () => {} }))).toMatchObject({
          reason: 'other-login',
        });
        await provider.auth.logout();
      }
      expect(sent).toEqual([]);
      expect(await saved()).toEqual(unbound);
      // What the error says; of a file that another program writes it says something else.
      const said = /issuedFor: (\{.*?\})/.exec(String(await failure(() => chat(owner))))?.[1];
      expect(said === undefined).toBe(store.signIn !== undefined);
      const issuedFor = said === undefined ? bindingOf({ ...here, account: 'work' }) : (JSON.parse(said) as unknown);
      await store.save({ ...unbound, issuedFor: issuedFor as KimiCredentials['issuedFor'] });
      expect(sent).toEqual([]);
      expect(await chat(owner)).toBe('You said: hi');
    });
  });
}

async function withScene(
  { store, reopen }: CredentialStoreFixture,
  which: Seeker,
  run: (scene: Scene) => Promise<void>,
): Promise<void> {
  await using here = await startKimiSimulator({ autoApprove: true, deviceInterval: 1 });
  await using there = await startKimiSimulator({ autoApprove: true, deviceInterval: 1 });
  const provider = (simulator: KimiSimulator, account: string, settings: KimiProviderSettings) =>
    createKimi({ baseURL: simulator.apiBaseURL, oauthHost: simulator.oauthHost, account, ...settings });
  const sent: string[] = [];
  const watched = {
    // As another process has it, and through the very same object.
    credentialStore: which === 'the other account of the other host' ? reopen() : store,
    fetch: ((input, init) => {
      sent.push(String(input));
      return fetch(input, init);
    }) as typeof fetch,
  };
  await run({
    here,
    there,
    owner: provider(here, 'work', { credentialStore: store }),
    seeker: provider(
      which === 'the other account' ? here : there,
      which === 'the other host' ? 'work' : 'private',
      watched,
    ),
    sent,
    saved: () => reopen().load(),
  });
}

async function chat(provider: ReturnType<typeof createKimi>): Promise<string> {
  const prompt = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'hi' }] }];
  const { content } = await provider('k3').doGenerate({ prompt });
  return content.map(part => (part.type === 'text' ? part.text : '')).join('');
}

function tokensOf(simulator: KimiSimulator): Partial<KimiOAuthCredentials> {
  const { access_token, refresh_token } = simulator.signIn();
  return { accessToken: access_token, refreshToken: refresh_token };
}

/** A login that is due, of a host that nobody knows. */
function login(overrides: Partial<KimiOAuthCredentials> = {}): KimiOAuthCredentials {
  return {
    type: 'oauth',
    accessToken: 'access',
    refreshToken: 'refresh',
    expiresAt: 1_800_000,
    expiresIn: 900,
    scope: 'kimi-code',
    tokenType: 'Bearer',
    ...overrides,
  };
}
