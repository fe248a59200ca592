import { z } from 'zod/v4';
import { lazy } from '../transport/lazy';
import { fileIdOf } from './file-id';
import type { FilePurpose } from './media-type';

/** A file that Kimi has, and what it holds. No secret; times in ms since the epoch. */
export type RememberedFile = {
  id: string;
  /** SHA-256 of the content, 64 hex digits. */
  hash: string;
  purpose: FilePurpose;
  byteSize: number;
  uploadedAt: number;
  createdAt?: number | undefined;
  expiresAt?: number | undefined;
};

/** Keeps them for other processes. Never fails: what cannot be read or written is simply not there. */
export type FileCache = {
  load(): Promise<unknown>;
  save(value: unknown): Promise<void>;
};

/** What `#platform` gives. @param name file-safe and different for each account and credential */
export type FileCacheOpener = {
  openFileCache(name: string, environment: Readonly<Record<string, string | undefined>>): FileCache;
};

/** How long a file counts as there where the server has not said how long it keeps it (docs/decisions.md#61-files). */
const TRUSTED_MS = 7 * 24 * 3_600_000;

/** A file that ends so soon would not outlive the answer that it is for. */
const MARGIN_MS = 60_000;

/** The newest are kept. */
const MOST_FILES = 512;

const time = () => z.number().nonnegative();
const listSchema = lazy(() =>
  z.array(
    z.object({
      id: z.string().refine(id => fileIdOf(id) === id),
      hash: z.string().regex(/^[0-9a-f]{64}$/),
      purpose: z.enum(['image', 'video']),
      byteSize: z.number().int().nonnegative(),
      uploadedAt: time(),
      createdAt: time().optional(),
      expiresAt: time().optional(),
    }),
  ),
);

/** What one account has uploaded, by content: in memory, and in the cache for the next process. */
export class RememberedFiles {
  private readonly cache: FileCache;
  private readonly now: () => number;
  private files: RememberedFile[] = [];
  /** Ids that are gone, the last ones; another process may still have them on the disk. */
  private readonly gone = new Set<string>();
  private saving: Promise<void> = Promise.resolve();

  constructor({ cache, now }: { cache: FileCache; now: () => number }) {
    this.cache = cache;
    this.now = now;
  }

  /** The file with this content, as long as Kimi has it. */
  async find(hash: string, purpose: FilePurpose): Promise<RememberedFile | undefined> {
    const known = (): RememberedFile | undefined =>
      this.files.find(file => file.hash === hash && file.purpose === purpose && this.isThere(file));
    if (known() === undefined) {
      // Another process may have uploaded it meanwhile.
      await this.merge();
    }
    return known();
  }

  async add(file: RememberedFile): Promise<void> {
    this.gone.delete(file.id);
    this.files = [file, ...this.files.filter(other => !isSame(other, file))];
    await this.save();
  }

  /** Kimi does not have it any more. */
  async forget(id: string): Promise<void> {
    this.gone.add(id);
    const oldest = this.gone.values().next();
    if (this.gone.size > MOST_FILES && oldest.done !== true) {
      this.gone.delete(oldest.value);
    }
    this.files = this.files.filter(file => file.id !== id);
    await this.save();
  }

  /**
   * One after the other. Of two processes that save at once the later wins, and what the other one had added costs an
   * upload.
   */
  private save(): Promise<void> {
    this.saving = this.saving.then(async () => {
      await this.merge();
      await this.cache.save(this.files);
    });
    return this.saving;
  }

  private async merge(): Promise<void> {
    const stored = listSchema().safeParse(await this.cache.load());
    const others = (stored.success ? stored.data : []).filter(file => !this.files.some(own => isSame(own, file)));
    this.files = [...this.files, ...others]
      .filter(file => this.isThere(file))
      .toSorted((left, right) => right.uploadedAt - left.uploadedAt)
      .slice(0, MOST_FILES);
  }

  /** What was uploaded in the future was noted by a clock that was wrong, or is: nobody can say how old it is. */
  private isThere({ id, uploadedAt, expiresAt = uploadedAt + TRUSTED_MS }: RememberedFile): boolean {
    const now = this.now();
    return !this.gone.has(id) && uploadedAt <= now + MARGIN_MS && expiresAt - MARGIN_MS > now;
  }
}

function isSame(left: RememberedFile, right: RememberedFile): boolean {
  return left.hash === right.hash && left.purpose === right.purpose;
}
