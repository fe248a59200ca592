import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { OpencodeHome } from './run-opencode';

const MAXIMUM_MS = 40_000;

/** opencode in a terminal of its own: the keys that a person presses, and what is on the screen then. */
export class OpencodeScreen implements AsyncDisposable {
  private readonly socket = path.join(mkdtempSync(path.join(tmpdir(), 'kimi-opencode-tmux-')), 'tmux');

  constructor(binary: string, { project, environment }: OpencodeHome, parameters: readonly string[]) {
    const all = { TERM: 'xterm-256color', LANG: 'C.UTF-8', ...environment };
    const variables = Object.entries(all).map(([name, value]) => `${name}=${value}`);
    const size = ['-x', '140', '-y', '50'];
    const options = ['-S', this.socket, '-f', '/dev/null', 'new-session', '-d', ...size, '-c', project];
    // The window stays when the program has ended, so that its last words can be read.
    const stay = [';', 'set-option', '-g', 'remain-on-exit', 'on'];
    execFileSync('tmux', [...options, 'env', '-i', ...variables, binary, ...parameters, ...stay], { env: all });
  }

  async press(...keys: string[]): Promise<void> {
    await this.tmux('send-keys', ...keys);
  }

  async type(text: string): Promise<void> {
    await this.tmux('send-keys', '-l', text);
  }

  /** The screen, as soon as it has what is looked for. */
  async until(pattern: RegExp): Promise<string> {
    const deadline = performance.now() + MAXIMUM_MS;
    for (;;) {
      const { stdout } = await this.tmux('capture-pane', '-p', '-J');
      if (pattern.test(stdout)) {
        return stdout;
      }
      if (performance.now() > deadline) {
        throw new Error(`The screen has no ${pattern} after ${MAXIMUM_MS} ms:\n${stdout}`);
      }
      await delay(100);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tmux('kill-server').catch(() => undefined);
  }

  private tmux(...parameters: string[]): Promise<{ stdout: string }> {
    return promisify(execFile)('tmux', ['-S', this.socket, ...parameters]);
  }
}
