/** One process of file-lock.test.ts: argv is mode, lock path, `deadAfterMs`, number of rounds. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, dirname } from 'node:path';
import { withFileLock, type FileLockOptions } from '../../src/credentials/file-lock';
import { sleep } from '../../src/transport/wait';

const [, , mode, lockPath = '', deadAfterMs, rounds] = process.argv;
let hasWaited = false;
const options: FileLockOptions = {
  lockPath,
  location: 'test',
  deadAfterMs: Number(deadAfterMs),
  async sleep(milliseconds) {
    if (mode === 'wait' && !hasWaited) {
      hasWaited = true;
      console.log('waits');
    }
    await sleep(milliseconds);
  },
};
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
    console.log('still held');
  }, options).catch((error: { reason: string }) => console.log(error.reason));
}
