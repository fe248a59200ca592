import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export type RedisServer = {
  port: number;
  url: string;
  /** Stops and resumes the whole server, as a network that hangs does. */
  pause(): void;
  resume(): void;
  /** Kills the server and starts it again on its port: what was not on disk is gone. */
  restart(): Promise<void>;
  stop(): Promise<void>;
};

/**
 * A real Redis on a free loopback port. Needs the Debian package `redis-server`.
 * @param appendOnly whether each write is on disk before its answer (AOF), and there after a restart; default: nothing
 *   is on disk
 */
export async function startRedisServer({ appendOnly = false } = {}): Promise<RedisServer> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await startOn(await freePort(), appendOnly);
    } catch (error) {
      // Another run of the suite may have taken the port meanwhile.
      if (!(error instanceof PortTaken) || attempts === 5) {
        throw error;
      }
    }
  }
}

class PortTaken extends Error {}

async function startOn(port: number, appendOnly: boolean): Promise<RedisServer> {
  const directory = await mkdtemp(join(tmpdir(), 'kimi-redis-'));
  const parameters = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    directory,
    '--save',
    '',
    '--appendonly',
    appendOnly ? 'yes' : 'no',
    '--appendfsync',
    'always',
  ];
  const start = async () => {
    const started = spawn('redis-server', parameters, { stdio: ['ignore', 'ignore', 'inherit'] });
    const failed = once(started, 'error').then(([error]) => {
      const message =
        'The tests of the Redis store need redis-server: apt-get install -y --no-install-recommends redis-server';
      throw new Error(message, { cause: error });
    });
    const taken = once(started, 'exit').then(() => Promise.reject(new PortTaken(`redis-server ended; port ${port}`)));
    await Promise.race([failed, taken, untilItAnswers(port, started)]);
    return started;
  };
  const kill = async () => {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  let child = await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async restart() {
      await kill();
      child = await start();
    },
    async stop() {
      await kill();
      await rm(directory, { recursive: true, force: true });
    },
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

/** The server of this test, by its process id: on a port that was taken another run's would answer. */
async function untilItAnswers(port: number, { pid }: ChildProcess): Promise<void> {
  for (const end = Date.now() + 10_000; ;) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      socket.write('INFO server\r\n');
      const [answer] = (await once(socket, 'data')) as [Buffer];
      if (answer.toString().includes(`process_id:${pid}\r\n`)) {
        return;
      }
      throw new Error(`The Redis on port ${port} is another one.`);
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
