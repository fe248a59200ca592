import { open, type FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { lock } from 'proper-lockfile';
import { readLines } from './read-prompts.ts';

/** A lock of a killed job counts for so long. */
const STALE_MS = 5000;

type Line = { id: string; error?: unknown };

/**
 * A JSONL file that is only ever added to: a line is on the disk before the next one begins, so a killed job loses
 * none.
 */
export class AnswersFile {
  /** Ids that have a line. */
  readonly done = new Set<string>();
  failed = 0;

  private readonly path: string;
  private readonly file: FileHandle;
  private readonly release: () => Promise<void>;
  private size = 0;
  private isLost = false;
  private lastWrite: Promise<void> = Promise.resolve();

  private constructor(path: string, file: FileHandle, release: () => Promise<void>) {
    this.path = path;
    this.file = file;
    this.release = release;
  }

  /**
   * @param onLost called when another process took the file over, which happens after this one was suspended
   * @throws when another process writes this file, or it has a line that is no answer; the file is as it was then
   */
  static async open(path: string, onLost: () => void): Promise<AnswersFile> {
    const file = await open(path, 'a+');
    let answers: AnswersFile | undefined;
    try {
      const release = await lockFile(path, () => {
        if (answers) {
          answers.isLost = true;
        }
        onLost();
      });
      answers = new AnswersFile(path, file, release);
      await answers.readDone();
      await answers.mendLastLine();
      return answers;
    } catch (error) {
      await (answers?.close() ?? file.close());
      throw error;
    }
  }

  /** Resolves when the line is on the disk. */
  append(answer: Line): Promise<void> {
    this.lastWrite = this.lastWrite.then(async () => {
      // Before the lock's timer tells a job that slept, the file does: in the meantime another one may have written the
      // same answer.
      if (this.isLost || (await this.file.stat()).size !== this.size) {
        throw new Error(`Another program has written ${this.path} meanwhile.`);
      }
      const line = Buffer.from(`${JSON.stringify(answer)}\n`);
      await this.file.appendFile(line);
      await this.file.datasync();
      this.size += line.length;
      this.count(answer);
    });
    return this.lastWrite;
  }

  async close(): Promise<void> {
    await this.file.close();
    await this.release().catch(() => undefined); // Lost already.
  }

  private count({ id, error }: Line): void {
    if (!this.done.has(id)) {
      this.done.add(id);
      this.failed += error === undefined ? 0 : 1;
    }
  }

  private async readDone(): Promise<void> {
    for await (const { number, text, isEnded } of readLines(this.path)) {
      const answer = parse(text);
      if (isAnswer(answer)) {
        this.count(answer);
      } else if (isEnded || answer !== undefined || (this.done.size === 0 && !isBeginning(text))) {
        throw new Error(
          `${this.path}:${number} is not an answer of this job. Mend or remove that line, or name another file.`,
        );
      }
    }
  }

  /** A job that was killed while it wrote leaves half a line; an editor may leave a whole one without its end. */
  private async mendLastLine(): Promise<void> {
    const { size } = await this.file.stat();
    const block = Buffer.alloc(64 * 1024);
    let end = size;
    while (end > 0) {
      const start = Math.max(0, end - block.length);
      const { bytesRead } = await this.file.read(block, 0, end - start, start);
      const newline = block.subarray(0, bytesRead).lastIndexOf('\n');
      if (newline >= 0) {
        end = start + newline + 1;
        break;
      }
      end = start;
    }
    if (end < size) {
      const { buffer } = await this.file.read(Buffer.alloc(size - end), 0, size - end, end);
      await (parse(buffer.toString()) === undefined ? this.file.truncate(end) : this.file.appendFile('\n'));
    }
    this.size = (await this.file.stat()).size;
  }
}

/** Waits for a lock that a killed job may have left behind. */
async function lockFile(path: string, onCompromised: () => void): Promise<() => Promise<void>> {
  for (let tries = 1; ; tries++) {
    try {
      return await lock(path, { stale: STALE_MS, update: 1000, onCompromised });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') {
        throw new Error(`${path} cannot be locked: ${(error as Error).message}`, { cause: error });
      }
      if (tries > 1 + STALE_MS / 1000) {
        throw new Error(`Another job writes ${path}. Wait for it, or name another file.`, { cause: error });
      }
      if (tries === 1) {
        console.error(
          `${path} is locked by another job, or by one that was killed a moment ago. Waiting ${STALE_MS / 1000} s.`,
        );
      }
      await sleep(1000);
    }
  }
}

function isAnswer(value: unknown): value is Line {
  const { id, text, error } = (value ?? {}) as { id?: unknown; text?: unknown; error?: unknown };
  return typeof id === 'string' && (typeof text === 'string' || (typeof error === 'object' && error !== null));
}

/** Whether a line may be the first answer of a job, cut off. */
function isBeginning(text: string): boolean {
  const first = '{"id":"';
  return text.startsWith(first) || first.startsWith(text);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
