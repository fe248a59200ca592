import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { KimiSimulator } from '../../../src/simulator';

/** What `next start` serves, and all that it wrote. */
export type NextApp = { url: string; buildLog: string; log: () => string; close: () => Promise<void> };

/**
 * Builds the app in `folder` for production and serves it on a free port, against `simulator` and with a home of its
 * own.
 */
export async function startNextApp(folder: string, simulator: KimiSimulator): Promise<NextApp> {
  const home = await mkdtemp(path.join(tmpdir(), 'kimi-next-home-'));
  const env: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    NODE_ENV: 'production',
    NEXT_TELEMETRY_DISABLED: '1',
    HOME: home,
    XDG_DATA_HOME: path.join(home, 'data'),
    XDG_CONFIG_HOME: path.join(home, 'config'),
    XDG_CACHE_HOME: path.join(home, 'cache'),
  };
  const next = path.join(folder, 'node_modules', 'next', 'dist', 'bin', 'next');
  const build = await promisify(execFile)(process.execPath, [next, 'build'], {
    cwd: folder,
    env,
    maxBuffer: 16 * 1024 * 1024,
  });

  const server = spawn(process.execPath, [next, 'start', '-H', '127.0.0.1', '-p', '0'], {
    cwd: folder,
    env: {
      ...env,
      KIMI_CODE_BASE_URL: simulator.apiBaseURL,
      KIMI_CODE_OAUTH_HOST: simulator.oauthHost,
      KIMI_CREDENTIAL_STORE: 'file',
      KIMI_EDGE_API_KEY: 'sk-kimi-simulator',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  const url = await new Promise<string>((resolve, reject) => {
    const read = (packet: Buffer): void => {
      log += packet.toString();
      const address = /Ready in/.test(log) ? /http:\/\/127\.0\.0\.1:\d+/.exec(log) : null;
      if (address) {
        resolve(address[0]);
      }
    };
    server.stdout.on('data', read);
    server.stderr.on('data', read);
    server.once('exit', code => reject(new Error(`next start ended with ${code}:\n${log}`)));
  });
  return {
    url,
    buildLog: build.stdout + build.stderr,
    log: () => log,
    async close() {
      await stop(server);
      await rm(home, { recursive: true, force: true });
    },
  };
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode === null && server.signalCode === null) {
    server.kill('SIGTERM');
    await once(server, 'exit');
  }
}
