/** What an upload is taken from, on Node: read twice, once for its hash, then to be sent; never as a whole in memory. */
import { createHash } from 'node:crypto';
import { constants, openAsBlob, type Stats } from 'node:fs';
import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { KimiError, KimiInvalidArgumentError } from '../errors/kimi-error';
import { bytePieces } from '../files/byte-pieces';
import { DOWNLOAD_TIME_MS, downloadError, downloadURL, tooLarge } from '../files/download-url';
import { HEAD_BYTES } from '../files/media-type';
import type { ReadingOptions, RereadableBytes, UploadSources } from '../files/upload-content';
import { untilAborted } from '../transport/wait';
import { download, failureOf, type Download } from './download';
import { anySignal } from '../transport/any-signal';

const BLOCK_BYTES = 64 * 1024;

/** Of a stream; what is longer goes to a temporary file. */
const MEMORY_LIMIT = 8 * 1024 * 1024;

export const openPath: UploadSources['openPath'] = async (given, options) => {
  const file = pathOf(given);
  return fileBytes(file, options).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || KimiInvalidArgumentError.isInstance(error)) {
      throw error;
    }
    throw unusable(file, `cannot be read (${code})`);
  });
};

function pathOf(given: string | URL): string {
  try {
    return given instanceof URL || /^file:/i.test(given) ? fileURLToPath(given) : path.resolve(given);
  } catch (cause) {
    const message =
      'The "path" to upload must be a path of this machine or its file: URL. A web address is taken as "url".';
    throw new KimiInvalidArgumentError({ argument: 'path', message, cause });
  }
}

export const openBytes: UploadSources['openBytes'] = async (content, { abortSignal, onRead }) => {
  const hash = createHash('sha256');
  let read = 0;
  for await (const piece of content.stream() as ReadableStream<Uint8Array> & AsyncIterable<Uint8Array>) {
    abortSignal?.throwIfAborted();
    hash.update(piece);
    read += piece.byteLength;
    onRead?.(read, content.size);
  }
  return memoryBytes(content, hash.digest('hex'));
};

export const openStream: UploadSources['openStream'] = async (stream, options) => {
  const kept = new KeptBytes();
  const pieces = bytePieces(stream);
  try {
    for (;;) {
      const piece = await untilAborted(pieces.next(), options.abortSignal);
      if (piece === undefined) {
        return await kept.finish();
      }
      options.onRead?.(await kept.add(piece), undefined);
    }
  } catch (error) {
    pieces.stop(error);
    await kept.dispose();
    throw error;
  }
};

export const openURL: UploadSources['openURL'] = async (given, { limit, allowPrivateAddresses, ...options }) => {
  const timeLimit = AbortSignal.timeout(DOWNLOAD_TIME_MS);
  const abortSignal = anySignal(timeLimit, options.abortSignal);
  let url = downloadURL(given);
  let body: Download['body'] | undefined;
  try {
    const found = await download(url, { limit, allowPrivateAddresses, abortSignal });
    ({ url, body } = found);
    const { byteSize, mediaType, filename } = found;
    const bytes = await openStream(body, {
      abortSignal,
      onRead(read) {
        if (read > limit) {
          throw tooLarge(url, limit);
        }
        options.onRead?.(read, byteSize);
      },
    });
    return { ...bytes, mediaType, filename };
  } catch (error) {
    // Also of its late errors, which nobody waits for.
    body?.on('error', () => {}).destroy();
    options.abortSignal?.throwIfAborted();
    if (timeLimit.aborted) {
      throw downloadError(url, 'connection', `did not come within ${DOWNLOAD_TIME_MS / 1000} s.`, undefined, error);
    }
    throw KimiError.isInstance(error) ? error : failureOf(url, error);
  }
};

/**
 * Node's `fetch` keeps a copy of a body for a redirect, unless it is told that none is followed and nobody looks on:
 * 500 MB would be 500 MB of memory (docs/wire.md#uploads-with-nodes-fetch).
 */
export const streamingInit: RequestInit = { redirect: 'error', window: null };

/** The pieces of a stream, hashed as they come: the first in memory, from {@link MEMORY_LIMIT} on in a file. */
class KeptBytes {
  private readonly hash = createHash('sha256');
  private pieces: Uint8Array<ArrayBuffer>[] = [];
  private size = 0;
  private directory: string | undefined;
  private file: FileHandle | undefined;

  /** @returns how many bytes there are now */
  async add(piece: unknown): Promise<number> {
    if (!(piece instanceof Uint8Array)) {
      const message = `The "stream" to upload gives a ${typeof piece}; it must give bytes (Uint8Array).`;
      throw new KimiInvalidArgumentError({ argument: 'stream', message });
    }
    this.hash.update(piece);
    this.size += piece.byteLength;
    if (this.file === undefined && this.size > MEMORY_LIMIT) {
      await this.openFile();
    }
    if (this.file === undefined) {
      // A copy: whoever gives pieces may use their memory again.
      this.pieces.push(new Uint8Array(piece));
    } else {
      await this.file.appendFile(piece).catch(cannotBeWritten);
    }
    return this.size;
  }

  async finish(): Promise<RereadableBytes> {
    const hash = this.hash.digest('hex');
    if (this.file === undefined) {
      return memoryBytes(new Blob(this.pieces), hash);
    }
    await this.file.close();
    const bytes = await fileBytes(this.path(), { hash });
    return { ...bytes, filename: undefined, dispose: () => this.dispose() };
  }

  async dispose(): Promise<void> {
    await this.file?.close().catch(() => {});
    if (this.directory !== undefined) {
      await rm(this.directory, { recursive: true, force: true });
    }
  }

  private path(): string {
    return path.join(this.directory ?? '', 'upload');
  }

  private async openFile(): Promise<void> {
    try {
      this.directory = await mkdtemp(path.join(tmpdir(), 'kimi-upload-'));
      this.file = await open(this.path(), 'wx', 0o600);
      await this.file.appendFile(new Uint8Array(await new Blob(this.pieces).arrayBuffer()));
      this.pieces = [];
    } catch (error) {
      cannotBeWritten(error);
    }
  }
}

function cannotBeWritten(error: unknown): never {
  const { code } = error as NodeJS.ErrnoException;
  throw new KimiInvalidArgumentError({
    argument: 'stream',
    message:
      `A stream of more than ${MEMORY_LIMIT} bytes goes through a temporary file, which cannot be written in ` +
      `${tmpdir()} (${code}). Set TMPDIR to a folder with room, or give the "path" of a file.`,
    cause: error,
  });
}

async function memoryBytes(content: Blob, hash: string): Promise<RereadableBytes> {
  return {
    byteSize: content.size,
    hash,
    head: new Uint8Array(await content.slice(0, HEAD_BYTES).arrayBuffer()),
    content,
    read: () => content.stream() as ReadableStream<Uint8Array>,
    dispose: async () => {},
  };
}

/** @param options.hash where it is known already */
async function fileBytes(
  file: string,
  { abortSignal, onRead, hash }: ReadingOptions & { hash?: string | undefined },
): Promise<RereadableBytes> {
  // Without waiting: a named pipe that nobody writes to would be opened for ever.
  const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  let stats: Stats;
  try {
    stats = await handle.stat();
  } finally {
    await handle.close();
  }
  if (!stats.isFile()) {
    throw unusable(file, 'is no file');
  }
  const digest = createHash('sha256');
  let [read, head] = [0, new Uint8Array()];
  for await (const piece of readBlocks(file, stats)) {
    abortSignal?.throwIfAborted();
    head = read === 0 ? piece.slice(0, HEAD_BYTES) : head;
    read += piece.byteLength;
    if (hash !== undefined) {
      break;
    }
    digest.update(piece);
    onRead?.(read, stats.size);
  }
  const content = await openAsBlob(file);
  return {
    byteSize: stats.size,
    hash: hash ?? digest.digest('hex'),
    head,
    filename: path.basename(file),
    content,
    read: () => readBlocks(file, stats),
    dispose: async () => {},
  };
}

/**
 * The content, block by block: of a file-backed `Blob` Node reads ahead more than is wanted in memory.
 * @param stats what the file was when its hash was taken
 * @throws KimiInvalidArgumentError where it is another one now, so that no hash stands for what it is not
 */
async function* readBlocks(file: string, stats: Stats): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const handle = await open(file, 'r');
  try {
    for (let position = 0; ;) {
      const block = new Uint8Array(BLOCK_BYTES);
      const { bytesRead } = await handle.read(block, 0, block.length, position);
      const now = bytesRead === 0 ? await handle.stat() : stats;
      if (now.size !== stats.size || now.mtimeMs !== stats.mtimeMs || position + bytesRead > stats.size) {
        throw unusable(file, 'was changed while it was uploaded');
      }
      if (bytesRead === 0) {
        return;
      }
      position += bytesRead;
      yield block.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

function unusable(file: string, problem: string): KimiInvalidArgumentError {
  return new KimiInvalidArgumentError({ argument: 'path', message: `${file} ${problem}.` });
}
