import { open, type FileHandle } from 'node:fs/promises';
import { lock } from 'proper-lockfile';
import { readLines } from './read-prompts.ts';

/** A JSONL file that is only ever added to: a line is on the disk before the next one begins, so a killed job loses none. */
export class AnswersFile {
  /** Ids that have a line. */
  readonly done = new Set<string>();
  failed = 0;
  private isLost = false;

  private readonly file: FileHandle;
  private readonly release: () => Promise<void>;
  private lastWrite: Promise<void> = Promise.resolve();

  private constructor(file: FileHandle, release: () => Promise<void>) {
    this.file = file;
    this.release = release;
  }

  /**
   * @param onLockLost called when another process took the file over, which happens after this one was suspended
   * @throws when another process writes this file, or it has a line that is no answer
   */
  static async open(path: string, onLockLost: () => void): Promise<AnswersFile> {
    const file = await open(path, 'a+');
    // A killed job leaves its lock behind, which counts for 5 s.
    const retries = { retries: 6, factor: 1, minTimeout: 1000 };
    const onCompromised = () => {
      answers.isLost = true;
      onLockLost();
    };
    const release = await lock(path, { stale: 5000, update: 1000, retries, onCompromised }).catch(() => {
      throw new Error(`Another job writes ${path}. Wait for it, or name another file.`);
    });
    const answers = new AnswersFile(file, release);
    try {
      await answers.mendLastLine();
      await answers.readDone(path);
      return answers;
    } catch (error) {
      await answers.close();
      throw error;
    }
  }

  /** Resolves when the line is on the disk. */
  append(answer: { id: string; error?: unknown }): Promise<void> {
    this.lastWrite = this.lastWrite.then(async () => {
      if (this.isLost) {
        throw new Error("The file is another job's now.");
      }
      await this.file.appendFile(`${JSON.stringify(answer)}\n`);
      await this.file.datasync();
      this.count(answer);
    });
    return this.lastWrite;
  }

  async close(): Promise<void> {
    await this.file.close();
    await this.release().catch(() => undefined); // Lost already.
  }

  private count({ id, error }: { id: string; error?: unknown }): void {
    this.done.add(id);
    this.failed += error === undefined ? 0 : 1;
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
      await (isJSON(buffer.toString()) ? this.file.appendFile('\n') : this.file.truncate(end));
    }
  }

  private async readDone(path: string): Promise<void> {
    for await (const { number, text } of readLines(path)) {
      if (!isJSON(text)) {
        throw new Error(`${path}:${number} is not JSON. Mend or remove that line, or name another file.`);
      }
      const answer = JSON.parse(text) as { id?: unknown; error?: unknown } | null;
      if (typeof answer?.id !== 'string' || this.done.has(answer.id)) {
        throw new Error(`${path}:${number} is not an answer of this job. Name another file.`);
      }
      this.count({ id: answer.id, error: answer.error });
    }
  }
}

function isJSON(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
