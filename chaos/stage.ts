/** What a run is played on: places for logins that can be broken, and where a process finds them. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CAN_LIMIT_DESCRIPTORS, openDisk, type Disk } from './disk.ts';
import type { Login, StoreKind } from './protocol.ts';
import { startKeyring, startRedis, type Keyring, type Redis } from './services.ts';

export type Stage = {
  disk: Disk;
  redis: Redis | undefined;
  keyring: Keyring | undefined;
  /** Those whose places are here. */
  logins: readonly Login[];
  /** Of every process of the run: nothing of the user's. */
  environment: Record<string, string>;
  /** What is there, and what is left out and why, for people. */
  description: string[];
  dispose(): Promise<void>;
};

export const HOSTS = 2;

/** Several accounts of a host, and one name on two hosts: what must never mix. */
const LOGINS: readonly Login[] = [
  { id: 'file-work', host: 0, account: 'work', store: 'file' },
  { id: 'file-private', host: 0, account: 'private', store: 'file' },
  { id: 'file-work-b', host: 1, account: 'work', store: 'file' },
  { id: 'redis-work', host: 0, account: 'work', store: 'redis' },
  { id: 'redis-team-b', host: 1, account: 'team', store: 'redis' },
  { id: 'keychain-work', host: 1, account: 'work', store: 'keychain' },
];

/** @param stores which kinds of places, of those that can be had */
export async function buildStage(stores: readonly StoreKind[] = ['file', 'redis', 'keychain']): Promise<Stage> {
  const root = mkdtempSync(join(tmpdir(), 'kimi-chaos-'));
  const disk = openDisk(root);
  const redis = stores.includes('redis') ? await startRedis(root) : undefined;
  const keyring = stores.includes('keychain') ? await startKeyring(root) : undefined;
  const has = { file: stores.includes('file'), redis: redis !== undefined, keychain: keyring !== undefined };
  const logins = LOGINS.filter(({ store }) => has[store]);
  const environment: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    TMPDIR: root,
    ...keyring?.environment,
    HOME: join(root, 'home'),
    KIMI_PROVIDER_HOME: join(disk.path, 'data'),
    KIMI_CREDENTIAL_STORE: 'file',
  };
  mkdirSync(environment.HOME!, { recursive: true });
  const missing: [boolean, string][] = [
    [stores.includes('redis') && !has.redis, 'Redis, as redis-server is not installed'],
    [stores.includes('keychain') && !has.keychain, 'Secret Service: no dbus-daemon, gnome-keyring or libsecret-tools'],
    [!CAN_LIMIT_DESCRIPTORS, 'EMFILE, as prlimit or /proc is missing'],
  ];
  // Also when the run itself fails, or is ended by Ctrl-C: nothing of it may outlive it.
  const abandon = () => {
    redis?.abandon();
    keyring?.abandon();
    disk.dispose();
    rmSync(root, { recursive: true, force: true });
  };
  process.once('exit', abandon);
  return {
    disk,
    redis,
    keyring,
    logins,
    environment,
    description: [
      `places: ${[...new Set(logins.map(({ store }) => store))].join(', ')}; full disk by ${disk.how}`,
      ...missing.flatMap(([isMissing, what]) => (isMissing ? [`left out: ${what}`] : [])),
    ],
    async dispose() {
      process.off('exit', abandon);
      await redis?.kill();
      await keyring?.stop();
      disk.dispose();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
