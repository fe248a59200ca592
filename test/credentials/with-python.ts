import { execFileSync } from 'node:child_process';
import { test } from 'vitest';

/** The official Python client is not here, but its language may be, with the very functions that it calls. */
export const hasPython = (() => {
  try {
    execFileSync('python3', ['-c', 'import fcntl, json'], { stdio: 'ignore', timeout: 30_000 });
    return true;
  } catch {
    return false;
  }
})();

/**
 * A test that python3 makes stronger. Where it is missing the test is not defined, because others cover the same
 * ground.
 */
export function withPython(name: string, body: () => Promise<void>): void {
  if (hasPython) {
    test(name, body);
  }
}
