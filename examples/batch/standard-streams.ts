import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { PromptsFile } from './read-prompts.ts';

/** As a path: standard input or output. */
export const STANDARD = '-';

/**
 * Calls with a file. For standard input it is a copy of that, since a file of prompts is read twice: it is
 * checked whole before anything is sent.
 */
export async function withStandardInput<Result>(
  input: string,
  use: (file: PromptsFile) => Promise<Result>,
): Promise<Result> {
  if (input !== STANDARD) {
    return use({ path: input, name: input });
  }
  const folder = await mkdtemp(path.join(tmpdir(), 'kimi-batch-'));
  try {
    const copy = path.join(folder, 'standard-input');
    await pipeline(process.stdin, createWriteStream(copy, { mode: 0o600 }));
    return await use({ path: copy, name: 'standard input' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What `AnswersFile` is for a file. It knows of no earlier run. */
export class StandardOutput {
  readonly done = new Set<string>();
  failed = 0;

  /** @param onLost called when nobody reads any more, as behind `| head` */
  constructor(onLost: (reason: Error) => void) {
    process.stdout.on('error', () => onLost(new Error('Nobody reads the answers any more.')));
  }

  /** Resolves when there is room for the next line. */
  async append(answer: { id: string; error?: unknown }): Promise<void> {
    if (process.stdout.destroyed) {
      throw new Error('Nobody reads the answers any more.');
    }
    if (!process.stdout.write(`${JSON.stringify(answer)}\n`)) {
      await once(process.stdout, 'drain');
    }
    this.done.add(answer.id);
    this.failed += answer.error === undefined ? 0 : 1;
  }

  async close(): Promise<void> {
    await new Promise(resolve => process.stdout.write('', resolve));
  }
}
