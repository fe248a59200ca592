import { KimiAPIError } from '../errors/kimi-api-error';
import { sleep as realSleep, untilAborted, type Sleep } from '../transport/wait';
import { requestUpload, type FilesAccess } from './files-api';
import { RememberedFiles, type FileCache, type RememberedFile } from './remembered-files';
import type { UploadContent } from './upload-content';

/** Between the attempts, in ms, where the server asks for no other pause: those of a renewal. */
const PAUSES_MS = [1_000, 2_000];

export type UploadOptions = {
  /** Whether a file with the same content that Kimi has already will do. */
  useCache: boolean;
  /** Told how many bytes of the file have gone out; again from 0 where it is sent again. */
  onSent?: ((sent: number) => void) | undefined;
  abortSignal?: AbortSignal | undefined;
};

/** A file as Kimi has it now. */
export type UploadResult = RememberedFile & {
  /** Whether it was there already, so that nothing was sent. */
  isCached: boolean;
};

/** An upload that is on its way, and who waits for it. It ends early when nobody does. */
type Flight = {
  result: Promise<RememberedFile>;
  waiting: number;
  listeners: Set<(sent: number) => void>;
  abort: AbortController;
};

/** Uploads of one account: each content once, however many ask for it at the same time or later. */
export class FileUploads {
  private readonly remembered: RememberedFiles;
  private readonly now: () => number;
  private readonly sleep: Sleep;
  private readonly flights = new Map<string, Flight>();

  constructor({ cache, now, sleep = realSleep }: { cache: FileCache; now: () => number; sleep?: Sleep | undefined }) {
    this.remembered = new RememberedFiles({ cache, now });
    this.now = now;
    this.sleep = sleep;
  }

  /**
   * Sends a file, unless Kimi has its content. A network that fails, a server that fails or is busy is tried again
   * after 1 s and 2 s, or when it says so, if that is within a minute. The content is disposed of when it is not needed
   * any more, which may be later than the answer.
   * @throws as `requestUpload`
   */
  async upload(
    access: FilesAccess,
    content: UploadContent,
    { useCache, onSent, abortSignal }: UploadOptions,
  ): Promise<UploadResult> {
    const known =
      useCache && abortSignal?.aborted !== true ? await this.remembered.find(content.hash, content.purpose) : undefined;
    if (known !== undefined || abortSignal?.aborted === true) {
      await content.dispose();
      abortSignal?.throwIfAborted();
      return { ...(known as RememberedFile), isCached: true };
    }
    const flight = await this.flightOf(access, content, useCache);
    const listener = (sent: number): void => onSent?.(sent);
    flight.listeners.add(listener);
    try {
      return { ...(await untilAborted(flight.result, abortSignal)), isCached: false };
    } finally {
      flight.listeners.delete(listener);
      flight.waiting -= 1;
      if (flight.waiting === 0) {
        flight.abort.abort(abortSignal?.reason);
      }
    }
  }

  /** Kimi does not have it any more. */
  forget(id: string): Promise<void> {
    return this.remembered.forget(id);
  }

  private async flightOf(access: FilesAccess, content: UploadContent, isShared: boolean): Promise<Flight> {
    const key = `${content.purpose} ${content.hash}`;
    const running = isShared ? this.flights.get(key) : undefined;
    if (running !== undefined && !running.abort.signal.aborted) {
      running.waiting += 1;
      await content.dispose();
      return running;
    }
    const listeners: Flight['listeners'] = new Set();
    const abort = new AbortController();
    const onSent = (sent: number): void => listeners.forEach(listener => listener(sent));
    const flight: Flight = {
      result: this.send(access, content, onSent, abort.signal).finally(async () => {
        if (this.flights.get(key) === flight) {
          this.flights.delete(key);
        }
        await content.dispose();
      }),
      waiting: 1,
      listeners,
      abort,
    };
    // Whoever waits is told; nobody may be left who does.
    flight.result.catch(() => {});
    this.flights.set(key, flight);
    return flight;
  }

  private async send(
    access: FilesAccess,
    content: UploadContent,
    onSent: (sent: number) => void,
    abortSignal: AbortSignal,
  ): Promise<RememberedFile> {
    for (let tries = 0; ; tries++) {
      try {
        const { id, createdAt, expiresAt } = await requestUpload(access, content, { onSent, abortSignal });
        const file: RememberedFile = {
          id,
          hash: content.hash,
          purpose: content.purpose,
          byteSize: content.byteSize,
          uploadedAt: this.now(),
          createdAt: createdAt?.getTime(),
          expiresAt: expiresAt?.getTime(),
        };
        await this.remembered.add(file);
        return file;
      } catch (error) {
        const pause = KimiAPIError.isInstance(error) && error.isRetryable ? PAUSES_MS[tries] : undefined;
        if (pause === undefined) {
          throw error;
        }
        const asked = (error as KimiAPIError).retryAfter?.getTime();
        await this.sleep(asked === undefined ? pause : Math.max(0, asked - Date.now()), abortSignal);
      }
    }
  }
}
