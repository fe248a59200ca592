/** A Redis that keeps what it has confirmed, and a Secret Service on a bus of its own. Neither is anybody else's. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

export type Redis = {
  url: string;
  kill(): Promise<void>;
  start(): Promise<void>;
  pause(): void;
  resume(): void;
  /** Ends it at once, for a process that ends. */
  abandon(): void;
};

/** `undefined` where redis-server is not installed. */
export async function startRedis(root: string): Promise<Redis | undefined> {
  const directory = join(root, 'redis');
  mkdirSync(directory);
  const port = await freePort();
  let child: ChildProcess;
  const start = async (): Promise<void> => {
    // Each write is on the disk before it is confirmed: a kill loses nothing that a client was told is saved.
    child = spawn(
      'redis-server',
      ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', ''].concat([
        '--appendonly',
        'yes',
        '--appendfsync',
        'always',
      ]),
      { stdio: 'ignore' },
    );
    await Promise.race([untilItListens(port), once(child, 'error').then(([error]) => Promise.reject(error as Error))]);
  };
  try {
    await start();
  } catch (error) {
    if (isMissing(error)) {
      return undefined;
    }
    throw error;
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    start,
    async kill() {
      const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
      child.kill('SIGKILL');
      await ended;
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    abandon: () => void child.kill('SIGKILL'),
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function untilItListens(port: number): Promise<void> {
  for (const end = Date.now() + 90_000; ;) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      socket.write('PING\r\n');
      const [answer] = (await once(socket, 'data')) as [Buffer];
      if (answer.toString().startsWith('+PONG')) {
        return;
      }
    } catch (error) {
      if (Date.now() > end) {
        throw error;
      }
    } finally {
      socket.destroy();
    }
    await delay(20);
  }
}

export type Keyring = {
  environment: Record<string, string>;
  lock(): Promise<void>;
  unlock(): Promise<void>;
  stop(): Promise<void>;
  /** Ends it at once, for a process that ends. */
  abandon(): void;
};

const PASSWORD = 'chaos-only';
const SERVICE = 'org.freedesktop.secrets';

/** `undefined` where dbus-daemon, gnome-keyring-daemon or secret-tool is missing. Never touches the user's own bus. */
export async function startKeyring(root: string): Promise<Keyring | undefined> {
  const environment: Record<string, string> = {
    XDG_RUNTIME_DIR: join(root, 'run'),
    XDG_DATA_HOME: join(root, 'keyring'),
    HOME: join(root, 'home'),
    PATH: process.env.PATH ?? '',
  };
  const services = join(root, 'keyring', 'dbus-1', 'services');
  for (const folder of [join(root, 'run'), services, join(root, 'home')]) {
    mkdirSync(folder, { mode: 0o700, recursive: true });
  }
  // The bus starts the daemon, unlocked each time: one that was started beside it would race with the bus for its name.
  const daemon = join(root, 'keyring-daemon');
  // On one processor, where it does not race with itself (docs/wire.md#gnome-keyring-ends-at-a-first-message).
  const start = `exec taskset -c ${firstProcessor()} gnome-keyring-daemon --foreground --unlock --components=secrets`;
  // It may outlive its bus, and must not hold what its parents write to.
  writeFileSync(daemon, `#!/bin/sh\nexec >/dev/null 2>&1\nprintf ${PASSWORD} | ${start}\n`, { mode: 0o700 });
  writeFileSync(join(services, `${SERVICE}.service`), `[D-BUS Service]\nName=${SERVICE}\nExec=${daemon}\n`);
  const bus = spawn('dbus-daemon', ['--session', '--nofork', '--print-address=1'], {
    env: environment,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const stop = async (): Promise<void> => {
    const ended = bus.exitCode === null && bus.signalCode === null ? once(bus, 'exit') : undefined;
    bus.kill('SIGKILL');
    await ended;
  };
  try {
    const [address] = (await Promise.race([
      once(bus.stdout, 'data'),
      once(bus, 'error').then(([error]) => Promise.reject(error as Error)),
    ])) as [Buffer];
    environment.DBUS_SESSION_BUS_ADDRESS = String(address).trim();
    bus.stdout.destroy();
    // Which of them is missing, the errors of the others would not tell.
    await run('gnome-keyring-daemon', ['--version'], environment);
    await probe(environment);
  } catch (error) {
    if (bus.pid !== undefined) {
      await stop();
    }
    if (isMissing(error)) {
      return undefined;
    }
    throw error;
  }
  const collection = "['/org/freedesktop/secrets/collection/login']";
  const call = ['call', '--session', '--dest', SERVICE, '--object-path', '/org/freedesktop/secrets'];
  return {
    environment,
    lock: () => run('gdbus', [...call, '--method', 'org.freedesktop.Secret.Service.Lock', collection], environment),
    async unlock() {
      const pid = await daemonOf(environment);
      if (pid !== undefined) {
        process.kill(pid, 'SIGKILL');
      }
      await probe(environment);
    },
    stop,
    abandon: () => void bus.kill('SIGKILL'),
  };
}

/** It would also start with a wrong password: this fails then. The first one makes the login collection. */
async function probe(environment: Record<string, string>): Promise<void> {
  for (const end = Date.now() + 120_000; ;) {
    try {
      // A request that a daemon took with it into its end is never answered.
      await run('secret-tool', ['store', '--label=probe', 'chaos', 'probe'], environment, 'probe', 5_000);
      return;
    } catch (error) {
      if (Date.now() > end || isMissing(error)) {
        throw error;
      }
      await delay(200);
    }
  }
}

/** Process id of the daemon that answers now; the next request starts one where there is none. */
async function daemonOf(environment: Record<string, string>): Promise<number | undefined> {
  const options = ['call', '--session', '--dest', 'org.freedesktop.DBus', '--object-path', '/org/freedesktop/DBus'];
  const method = 'org.freedesktop.DBus.GetConnectionUnixProcessID';
  const { stdout } = await promisify(execFile)('gdbus', [...options, '--method', method, SERVICE], {
    env: environment,
  });
  return Number(/uint32 (\d+)/.exec(stdout)?.[1]);
}

/** That a program is not there. */
function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

/** Of those that this process may use. */
function firstProcessor(): string {
  const [, first = '0'] = /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return first;
}

async function run(
  program: string,
  options: string[],
  env: Record<string, string>,
  input = '',
  timeout = 20_000,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const child = execFile(program, options, { env, timeout }, error => (error === null ? resolve() : reject(error)));
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
    // Its daemon keeps the pipes: what counts is that the program itself has ended.
    child.once('exit', code => code === 0 && resolve());
  });
}
