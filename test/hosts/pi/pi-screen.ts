import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { PiHome } from './run-pi';

const MAXIMUM_MS = 40_000;

/** pi in a terminal of its own: what a person types, and what is on the screen then. */
export class PiScreen implements AsyncDisposable {
  private readonly socket = path.join(mkdtempSync(path.join(tmpdir(), 'kimi-pi-tmux-')), 'tmux');

  constructor(program: string, { project, environment }: PiHome, parameters: readonly string[]) {
    const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    execFileSync(
      'tmux',
      [
        '-S',
        this.socket,
        '-f',
        '/dev/null',
        'new-session',
        '-d',
        '-x',
        '140',
        '-y',
        '50',
        '-c',
        project,
        'env',
        '-i',
        ...variables,
        process.execPath,
        program,
        ...parameters,
      ],
      { env: { ...environment } },
    );
  }

  /** Text, then Enter until it is taken: the first one may only complete a command. */
  async type(text: string): Promise<void> {
    await this.tmux('send-keys', '-l', text);
    const isTyped = async () => (await this.lines()).some(line => line.trim() === text);
    await this.untilTrue(isTyped, `"${text}" typed`);
    for (let tries = 0; tries < 3 && (await isTyped()); tries++) {
      await this.press('Enter');
      await delay(500);
    }
  }

  async press(key: string): Promise<void> {
    await this.tmux('send-keys', key);
  }

  async text(): Promise<string> {
    return (await this.tmux('capture-pane', '-p', '-S', '-200')).stdout;
  }

  /** The screen, as soon as it has what is looked for. */
  async until(pattern: RegExp): Promise<string> {
    await this.untilTrue(async () => pattern.test(await this.text()), String(pattern));
    return this.text();
  }

  private async lines(): Promise<string[]> {
    return (await this.text()).split('\n');
  }

  private async untilTrue(look: () => Promise<boolean>, what: string): Promise<void> {
    const deadline = performance.now() + MAXIMUM_MS;
    while (!(await look())) {
      if (performance.now() > deadline) {
        throw new Error(`The screen has no ${what} after ${MAXIMUM_MS} ms:\n${await this.text()}`);
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
