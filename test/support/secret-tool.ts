import { execFileSync } from 'node:child_process';

/** A Secret Service that asks somebody who is not there never answers; a test that waits for it must end. */
const LIMIT_MS = 30_000;

/** What the real `secret-tool` prints. @throws where it fails, or has not ended after 30 s */
export function secretTool(args: readonly string[], options: { input?: string; env?: NodeJS.ProcessEnv } = {}): string {
  return execFileSync('secret-tool', args, { ...options, encoding: 'utf8', timeout: LIMIT_MS, killSignal: 'SIGKILL' });
}
