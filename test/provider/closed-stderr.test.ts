import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { bundleWorker } from '../credentials/bundle-worker';

/** `KIMI_DEBUG=1 app 2>&1 | head`: the console ends no process there, and neither does an entry of ours. */
it('KIMI_DEBUG ends no process whose stderr is closed, and many lines at once warn of nothing', async () => {
  const { path, dispose } = await bundleWorker('../provider/closed-stderr-worker.ts');
  const child = spawn(process.execPath, [path], { stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (output === 'begun\n') {
      child.stderr.destroy();
      child.stderr.once('close', () => child.stdin.write('.'));
    }
  });
  expect(await once(child, 'close')).toEqual([0, null]);
  expect(output).toBe('begun\nalive 0 0\n');
  await dispose();
});
