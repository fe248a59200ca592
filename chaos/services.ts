/** A Redis that keeps what it has confirmed, and a Secret Service on a bus of its own. Neither is anybody else's. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

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
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
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

/** `undefined` where dbus-daemon, gnome-keyring-daemon or secret-tool is missing. Never touches the user's own bus. */
export async function startKeyring(root: string): Promise<Keyring | undefined> {
  const environment: Record<string, string> = {
    XDG_RUNTIME_DIR: join(root, 'run'),
    XDG_DATA_HOME: join(root, 'keyring'),
    HOME: join(root, 'home'),
    PATH: process.env.PATH ?? '',
  };
  for (const folder of ['run', 'keyring', 'home']) {
    mkdirSync(join(root, folder), { mode: 0o700, recursive: true });
  }
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
    await unlock(environment);
  } catch (error) {
    if (bus.pid !== undefined) {
      await stop();
    }
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
  const collection = "['/org/freedesktop/secrets/collection/login']";
  const call = ['call', '--session', '--dest', 'org.freedesktop.secrets', '--object-path', '/org/freedesktop/secrets'];
  return {
    environment,
    lock: () => run('gdbus', [...call, '--method', 'org.freedesktop.Secret.Service.Lock', collection], environment),
    unlock: () => unlock(environment),
    stop,
    abandon: () => void bus.kill('SIGKILL'),
  };
}

/** On a busy machine another daemon, which the bus starts for a worker, may answer instead: tried again, for long. */
async function unlock(environment: Record<string, string>): Promise<void> {
  for (const end = Date.now() + 120_000; ;) {
    try {
      await unlockOnce(environment);
      return;
    } catch (error) {
      if (Date.now() > end || (error as NodeJS.ErrnoException).code === 'ENOENT') {
        throw error;
      }
      await delay(200);
    }
  }
}

/** A new daemon each time: it goes to the background, and ends with its bus or with its successor. */
async function unlockOnce(environment: Record<string, string>): Promise<void> {
  const options = ['--replace', '--unlock', '--components=secrets'];
  await run('gnome-keyring-daemon', options, environment, PASSWORD);
  // It exits 0 with a wrong password, too; this fails then. The first one makes the login collection.
  // A request that the old daemon took with it into its end is never answered.
  await run('secret-tool', ['store', '--label=probe', 'chaos', 'probe'], environment, 'probe', 5_000);
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
