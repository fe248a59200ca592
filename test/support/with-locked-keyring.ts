import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { secretTool } from './secret-tool';

/** A bus with a Secret Service of its own, unlocked at first. */
export type TestKeyring = {
  /** What a process needs to use it. */
  environment: Record<string, string | undefined>;
  lock(): void;
  unlock(): void;
  /** Process id of the service. Once that has ended, the next request starts another one, unlocked. */
  pid(): number;
};

const PASSWORD = 'test-only';
const SERVICE = 'org.freedesktop.secrets';

/**
 * Runs `callback` with a keyring that it may lock, apart from that of `.ci/with-keyring`, which other tests use at the
 * same time.
 */
export async function withLockedKeyring(callback: (keyring: TestKeyring) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'kimi-keyring-'));
  await mkdir(join(root, 'run'), { mode: 0o700 });
  const services = join(root, 'data', 'dbus-1', 'services');
  await mkdir(services, { recursive: true });
  const daemon = join(root, 'daemon');
  const start = `printf ${PASSWORD} | exec gnome-keyring-daemon --foreground --unlock --components=secrets`;
  await writeFile(daemon, `#!/bin/sh\nexec >/dev/null 2>&1\n${start}\n`, { mode: 0o700 });
  await writeFile(join(services, `${SERVICE}.service`), `[D-BUS Service]\nName=${SERVICE}\nExec=${daemon}\n`);
  const base = {
    ...process.env,
    XDG_RUNTIME_DIR: join(root, 'run'),
    XDG_DATA_HOME: join(root, 'data'),
    DISPLAY: undefined,
    WAYLAND_DISPLAY: undefined,
  };
  const busDaemon = spawn('dbus-daemon', ['--session', '--nofork', '--print-address=1'], {
    env: base,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [address] = (await once(busDaemon.stdout, 'data')) as [Buffer];
  const environment = { ...base, DBUS_SESSION_BUS_ADDRESS: String(address).trim() };
  const call = (destination: string, object: string, ...parameters: string[]) =>
    execFileSync(
      'gdbus',
      ['call', '--session', '--dest', destination, '--object-path', object, '--method', ...parameters],
      { env: environment, encoding: 'utf8', timeout: 30_000 },
    );
  const bus = ['org.freedesktop.DBus', '/org/freedesktop/DBus'] as const;
  const pid = () => {
    const [, found] =
      /uint32 (\d+)/.exec(call(...bus, 'org.freedesktop.DBus.GetConnectionUnixProcessID', SERVICE)) ?? [];
    return Number(found);
  };
  // It would also start with a wrong password: this fails then. The first one makes the login collection.
  const probe = () => secretTool(['store', '--label=probe', 'test', 'probe'], { env: environment, input: 'probe' });
  try {
    probe();
    await callback({
      environment,
      lock: () =>
        call(
          SERVICE,
          '/org/freedesktop/secrets',
          'org.freedesktop.Secret.Service.Lock',
          "['/org/freedesktop/secrets/collection/login']",
        ),
      unlock: () => {
        process.kill(pid(), 'SIGKILL');
        probe();
      },
      pid,
    });
  } finally {
    const ended = once(busDaemon, 'exit');
    busDaemon.kill('SIGKILL');
    await ended;
    await rm(root, { recursive: true, force: true });
  }
}
