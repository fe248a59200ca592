import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

// Against the built package, by its own name: what an app's compiler sees.
it('type-checks in apps on AI SDK 5, 6 and 7', { timeout: 120_000 }, async () => {
  const compiler = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));
  const project = fileURLToPath(new URL('.', import.meta.url));
  const output = await promisify(execFile)(process.execPath, [compiler, '-p', project]).catch(
    (error: { stdout: string }) => error,
  );
  expect(output.stdout).toBe('');
});
