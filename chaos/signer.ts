/** The person who signs in again: a process of its own, which saves logins and does nothing else. */
import { createKimi } from 'ai-sdk-provider-kimi/v3';
import { openStore } from './open-store.ts';
import type { WorkerSettings } from './protocol.ts';

export type SignerCommand = { login: string; request: number; access: string; refresh: string; seconds: number };
export type SignerReport = { login: string; request: number; failed?: string };

const settings = JSON.parse(process.argv[2] ?? '') as WorkerSettings;

async function save({ login: id, access, refresh, seconds }: SignerCommand): Promise<void> {
  const login = settings.logins.find(candidate => candidate.id === id)!;
  const store = await openStore(login, settings.redis);
  const host = settings.hosts[login.host]!;
  const kimi = createKimi({
    account: login.account,
    baseURL: `${host}/coding/v1`,
    oauthHost: host,
    ...(store === undefined ? {} : { credentialStore: store }),
  });
  await kimi.auth.save({
    type: 'oauth',
    accessToken: access,
    refreshToken: refresh,
    expiresAt: Math.floor(Date.now() / 1000) + seconds,
    expiresIn: seconds,
    scope: 'kimi-code',
    tokenType: 'Bearer',
  });
}

process.on('message', (command: SignerCommand) => {
  const { login, request } = command;
  save(command).then(
    () => process.send?.({ login, request } satisfies SignerReport),
    (error: unknown) => process.send?.({ login, request, failed: String(error) } satisfies SignerReport),
  );
});
process.once('disconnect', () => process.exit(0));
