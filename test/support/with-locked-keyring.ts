import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { secretTool } from './secret-tool';

/** A bus with a Secret Service of its own, unlocked at first. */
export type TestKeyring = {
  /** What a process needs to use it. */
  environment: Record<string, string | undefined>;
  lock(): void;
  unlock(): void;
};

const PASSWORD = 'test-only';

/**
 * Runs `callback` with a keyring that it may lock, apart from that of `.ci/with-keyring`, which other tests use at the
 * same time.
 */
export async function withLockedKeyring(callback: (keyring: TestKeyring) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'kimi-keyring-'));
  await mkdir(join(root, 'run'), { mode: 0o700 });
  await mkdir(join(root, 'data'));
  const base = {
    ...process.env,
    XDG_RUNTIME_DIR: join(root, 'run'),
    XDG_DATA_HOME: join(root, 'data'),
    DISPLAY: undefined,
    WAYLAND_DISPLAY: undefined,
  };
  const bus = spawn('dbus-daemon', ['--session', '--nofork', '--print-address=1'], {
    env: base,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [address] = (await once(bus.stdout, 'data')) as [Buffer];
  const environment = { ...base, DBUS_SESSION_BUS_ADDRESS: String(address).trim() };
  const unlock = () => {
    // The name of the service passes from one daemon to the next, which on a busy machine takes its time: until then
    // the one that is locked answers, by asking somebody who is not there.
    for (let attempt = 1; ; attempt++) {
      try {
        // A new daemon each time: it goes to the background, and ends with its bus or with its successor.
        execFileSync('gnome-keyring-daemon', ['--replace', '--unlock', '--components=secrets'], {
          env: environment,
          input: PASSWORD,
          stdio: ['pipe', 'ignore', 'ignore'],
          timeout: 10_000,
        });
        // It exits 0 with a wrong password too; this fails then. The first one makes the login collection.
        secretTool(['store', '--label=probe', 'test', 'probe'], { env: environment, input: 'probe' });
        return;
      } catch (error) {
        if (attempt === 3) {
          throw error;
        }
      }
    }
  };
  try {
    unlock();
    const service = 'org.freedesktop.secrets';
    const secrets = (...parameters: string[]) =>
      execFileSync(
        'gdbus',
        [
          'call',
          '--session',
          '--dest',
          service,
          '--object-path',
          '/org/freedesktop/secrets',
          '--method',
          ...parameters,
        ],
        {
          env: environment,
          encoding: 'utf8',
          timeout: 30_000,
        },
      );
    await callback({
      environment,
      lock: () => secrets('org.freedesktop.Secret.Service.Lock', "['/org/freedesktop/secrets/collection/login']"),
      unlock,
    });
  } finally {
    const ended = once(bus, 'exit');
    bus.kill('SIGKILL');
    await ended;
    await rm(root, { recursive: true, force: true });
  }
}
