/** One process of file-lock.test.ts: argv is mode, lock path, stale time in ms, number of rounds. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, dirname } from 'node:path';
import { withFileLock } from '../../src/credentials/file-lock';

const [, , mode, lockPath = '', staleMs, rounds] = process.argv;
const options = { lockPath, location: 'test', staleMs: Number(staleMs) };
const counter = join(dirname(lockPath), '../../counter');

if (mode === 'count') {
  for (let round = 0; round < Number(rounds); round += 1) {
    await withFileLock(async ({ assertHeld }) => {
      const count = Number(readFileSync(counter, 'utf8'));
      await new Promise(resolve => setTimeout(resolve, 2));
      await assertHeld();
      writeFileSync(counter, String(count + 1));
    }, options);
  }
} else {
  await withFileLock(async ({ assertHeld }) => {
    console.log('held');
    if (mode === 'exit') {
      process.exit(0);
    }
    if (mode === 'forget') {
      await new Promise(() => undefined);
    }
    await new Promise<void>(resolve => {
      const alive = setInterval(() => undefined, 60_000);
      process.on('SIGUSR2', () => {
        clearInterval(alive);
        resolve();
      });
    });
    await assertHeld();
  }, options).catch((error: { reason: string }) => console.log(error.reason));
}
