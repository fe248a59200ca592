import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { kimiCliCredentialStore } from '../../src/credentials/official/kimi-cli-credential-store';
import { findFlockMechanism } from '../../src/credentials/official/flock';
import { withKimiCliLock } from '../../src/credentials/official/kimi-cli-lock';
import { bundleWorker } from './bundle-worker';
import { oauthCredentials } from './contract';
import { hasPython, withPython } from './with-python';

let share: string;
let file: string;
let lockFile: string;
beforeEach(async () => {
  share = await mkdtemp(join(tmpdir(), 'kimi-cli-share-'));
  file = join(share, 'credentials', 'kimi-code.json');
  lockFile = join(share, 'credentials', 'kimi-code.lock');
});
afterEach(async () => {
  await rm(share, { recursive: true, force: true });
});

const official = oauthCredentials();

/** Programs that take the official client's lock, say so, and hold it until their input closes. */
const HOLDERS: [name: string, command: string, parameters: (path: string) => string[]][] = [
  ['flock(1)', 'flock', path => ['-x', path, 'sh', '-c', 'echo held; cat']],
];
if (hasPython) {
  // The very call of that client (docs/wire.md#lock-of-kimi-cli).
  const program = `import fcntl,os,sys
fd=os.open(sys.argv[1],os.O_CREAT|os.O_RDWR,0o600)
fcntl.flock(fd,fcntl.LOCK_EX|fcntl.LOCK_NB)
print("held",flush=True)
sys.stdin.read()`;
  HOLDERS.push(['python3', 'python3', path => ['-c', program, path]]);
}

// The lock exists on every system, but only Linux has the program that takes it; the way of other systems is the last
// test.
describe.skipIf(process.platform !== 'linux')('the lock of kimi-cli on Linux', () => {
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) {
      child.kill('SIGKILL');
    }
  });
  const keep = (child: ChildProcess) => {
    children.push(child);
    return child;
  };
  test('keeps others out while it is held, and its file stays, private', async () => {
    const store = kimiCliCredentialStore({ shareDirectory: share });
    await store.withLock!(async ({ assertHeld }) => {
      expect(isFree()).toBe(false);
      await assertHeld();
      await assertHeld();
    });
    expect(isFree()).toBe(true);
    expect((await stat(lockFile)).mode & 0o777).toBe(0o600);
  });

  test.each(HOLDERS)(
    'waits for %s, gives up at the limit, and gets in when that one ends',
    async (_, command, parameters) => {
      await mkdir(join(share, 'credentials'));
      const holder = keep(spawn(command, parameters(lockFile), { stdio: ['pipe', 'pipe', 'inherit'] }));
      expect(await said(holder)).toBe('held');
      const hasty = kimiCliCredentialStore({ shareDirectory: share, lockWaitMs: 200 });
      const error = await hasty.withLock!(async () => 'entered').catch((error: unknown) => error);
      expect(error).toMatchObject({ reason: 'locked', operation: 'lock', location: file });
      expect(String(error)).toContain(lockFile);

      const order: string[] = [];
      const waiting = kimiCliCredentialStore({ shareDirectory: share }).withLock!(async () => {
        order.push('entered');
      });
      await new Promise(resolve => setTimeout(resolve, 100));
      order.push('ended');
      holder.stdin!.end();
      await waiting;
      expect(order).toEqual(['ended', 'entered']);
    },
  );

  test('is lost, and nothing hangs, when the program that holds it is stopped', async () => {
    const stoppedAndGone = kimiCliCredentialStore({ shareDirectory: share }).withLock!(async ({ assertHeld }) => {
      await assertHeld();
      const pids = await programsOn(lockFile);
      expect(pids.length).toBeGreaterThan(0);
      // The whole group, as a debugger or a container that is frozen stops it.
      pids.forEach(pid => process.kill(-pid, 'SIGSTOP'));
      await assertHeld();
    });
    await expect(stoppedAndGone).rejects.toMatchObject({ reason: 'lock-lost' });
    expect(isFree()).toBe(true);
  });

  withPython('keeps python3 with fcntl.flock out', async () => {
    await kimiCliCredentialStore({ shareDirectory: share }).withLock!(async () => {
      const [, command, parameters] = HOLDERS[1]!;
      const child = keep(spawn(command, parameters(lockFile), { stdio: ['pipe', 'pipe', 'pipe'] }));
      const text = String((await once(child.stderr!, 'data'))[0]);
      expect(text).toMatch(/BlockingIOError|Traceback/);
      expect((await once(child, 'exit'))[0]).toBe(1);
    });
  });

  test('is told when the program that holds it is killed', async () => {
    const error = await kimiCliCredentialStore({ shareDirectory: share }).withLock!(async ({ assertHeld }) => {
      await assertHeld();
      const programs = childrenOf(process.pid);
      for (const pid of [...programs, ...programs.flatMap(childrenOf)]) {
        process.kill(pid, 'SIGKILL');
      }
      await assertHeld();
    }).catch((error: unknown) => error);
    expect(error).toMatchObject({ reason: 'lock-lost', operation: 'lock', location: file });
  });

  test('leaves no process behind, not even after an abandoned wait', async () => {
    const store = kimiCliCredentialStore({ shareDirectory: share });
    await store.withLock!(async () => {
      await expect(store.withLock!(async () => 'entered', { abortSignal: AbortSignal.timeout(50) })).rejects.toThrow(
        'timeout',
      );
      const hasty = kimiCliCredentialStore({ shareDirectory: share, lockWaitMs: 50 });
      await expect(hasty.withLock!(async () => 'entered')).rejects.toMatchObject({ reason: 'locked' });
      expect(childrenOf(process.pid)).toHaveLength(1);
    });
    expect(childrenOf(process.pid)).toEqual([]);
  });

  test('that cannot be opened is an error with its path', async () => {
    await mkdir(share, { recursive: true });
    await writeFile(join(share, 'credentials'), '');
    const store = kimiCliCredentialStore({ shareDirectory: share });
    const error = await store.withLock!(async () => 'entered').catch((error: unknown) => error);
    expect(error).toMatchObject({ operation: 'lock', reason: 'failed' });
    expect(String(error)).toContain(lockFile);
  });

  test('passes on what a broken lock program says', async () => {
    const directory = join(share, 'bin');
    await mkdir(directory);
    await writeFile(join(directory, 'flock'), '#!/bin/sh\necho "flock: no locks available" >&2; exit 71\n', {
      mode: 0o755,
    });
    const error = (await kimiCliCredentialStore({
      shareDirectory: share,
      environment: { PATH: `${directory}:${process.env.PATH}` },
    }).withLock!(async () => 'entered').catch((error: unknown) => error)) as Error;
    expect(error).toMatchObject({ operation: 'lock', reason: 'failed' });
    expect(error.message).toContain('no locks available');
  });

  describe('with several processes', () => {
    let worker: Awaited<ReturnType<typeof bundleWorker>>;
    beforeAll(async () => {
      worker = await bundleWorker('official-store-worker.ts');
    });
    afterAll(() => worker.dispose());
    const start = (...parameters: string[]) =>
      keep(
        spawn(process.execPath, [worker.path, 'kimi-cli', share, ...parameters], {
          stdio: ['ignore', 'pipe', 'inherit'],
        }),
      );

    test('two processes never hold it at once', async () => {
      await kimiCliCredentialStore({ shareDirectory: share }).save({ ...official, expiresAt: 0 });
      const workers = [start('count', '20'), start('count', '20')];
      expect(await Promise.all(workers.map(async child => (await once(child, 'exit'))[0]))).toEqual([0, 0]);
      expect(await kimiCliCredentialStore({ shareDirectory: share }).load()).toMatchObject({ expiresAt: 40 });
    });

    test('is free as soon as its holder is killed', async () => {
      const child = start('hold');
      expect(await said(child)).toBe('held');
      expect(isFree()).toBe(false);
      child.kill('SIGKILL');
      expect(
        await kimiCliCredentialStore({ shareDirectory: share, lockWaitMs: 5_000 }).withLock!(async () => 'entered'),
      ).toBe('entered');
    });

    test('stays with a holder that is stopped', async () => {
      const child = start('hold');
      expect(await said(child)).toBe('held');
      child.kill('SIGSTOP');
      expect(isFree()).toBe(false);
      child.kill('SIGCONT');
      child.kill('SIGUSR2');
      expect(await said(child)).toBe('still held');
    });
  });
});

test('fs-native-extensions, the way of other systems, excludes itself, waits and gives up', async () => {
  const mechanism = (await findFlockMechanism({ environment: {}, platform: 'darwin' }))!;
  expect(mechanism.kind).toBe('native');
  const options = { lockPath: lockFile, location: file, mechanism, environment: {}, waitMs: 200 };
  await withKimiCliLock(async ({ assertHeld }) => {
    await assertHeld();
    await expect(withKimiCliLock(async () => 'entered', options)).rejects.toMatchObject({ reason: 'locked' });
    const abortSignal = AbortSignal.abort(new Error('left'));
    await expect(withKimiCliLock(async () => 'entered', { ...options, abortSignal })).rejects.toThrow('left');
  }, options);
  const order: string[] = [];
  await Promise.all([
    withKimiCliLock(async () => {
      order.push('first in');
      await new Promise(resolve => setTimeout(resolve, 150));
      order.push('first out');
    }, options),
    withKimiCliLock(
      async () => {
        order.push('second in');
        order.push('second out');
      },
      { ...options, waitMs: 5_000 },
    ),
  ]);
  expect(order.join()).toMatch(/^(first in,first out,second in,second out|second in,second out,first in,first out)$/);
});

/** Whether the official client would get the lock now. */
function isFree(): boolean {
  try {
    execFileSync('flock', ['-x', '-n', lockFile, 'true']);
    return true;
  } catch {
    return false;
  }
}

async function said(child: ChildProcess): Promise<string> {
  return String((await once(child.stdout!, 'data'))[0]).trim();
}

function childrenOf(pid: number): number[] {
  return execFileSync('ps', ['-A', '-o', 'pid=,ppid=,comm='])
    .toString()
    .split('\n')
    .map(line => line.trim().split(/\s+/))
    .filter(([, parent, name]) => Number(parent) === pid && name !== 'ps')
    .map(([child]) => Number(child));
}

/** Leaders of the process groups that were started with this path. */
async function programsOn(path: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name));
  const commands = await Promise.all(pids.map(pid => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return pids
    .filter((_, index) => commands[index]!.startsWith('/') && commands[index]!.includes(`-x\0${path}\0cat`))
    .map(Number);
}
