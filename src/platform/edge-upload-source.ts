/** What an upload is taken from where there is no disk: all of it is in memory. */
import { KimiInvalidArgumentError } from '../errors/kimi-error';
import { bytePieces } from '../files/byte-pieces';
import {
  checkAnswer,
  DOWNLOAD_TIME_MS,
  downloadError,
  downloadURL,
  filenameOf,
  MOST_REDIRECTS,
  redirectOf,
  tooLarge,
} from '../files/download-url';
import { HEAD_BYTES } from '../files/media-type';
import type { UploadSources } from '../files/upload-content';
import { untilAborted } from '../transport/wait';
import { anySignal } from '../transport/any-signal';

export const openPath: UploadSources['openPath'] = async () => {
  throw new KimiInvalidArgumentError({
    argument: 'path',
    message: 'This runtime has no files, so that "path" cannot be uploaded. Give the bytes as "data" or "stream".',
  });
};

export const openBytes: UploadSources['openBytes'] = async (content, { abortSignal, onRead }) => {
  const digest = await crypto.subtle.digest('SHA-256', await content.arrayBuffer());
  abortSignal?.throwIfAborted();
  onRead?.(content.size, content.size);
  return {
    byteSize: content.size,
    hash: Array.from(new Uint8Array(digest), byte => byte.toString(16).padStart(2, '0')).join(''),
    head: new Uint8Array(await content.slice(0, HEAD_BYTES).arrayBuffer()),
    content,
    read: () => content.stream() as ReadableStream<Uint8Array>,
    dispose: async () => {},
  };
};

export const openStream: UploadSources['openStream'] = async (stream, { abortSignal, onRead }) => {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let read = 0;
  const source = bytePieces(stream);
  try {
    for (;;) {
      const piece = await untilAborted(source.next(), abortSignal);
      if (piece === undefined) {
        return await openBytes(new Blob(pieces), { abortSignal });
      }
      if (!(piece instanceof Uint8Array)) {
        const message = `The "stream" to upload gives a ${typeof piece}; it must give bytes (Uint8Array).`;
        throw new KimiInvalidArgumentError({ argument: 'stream', message });
      }
      pieces.push(new Uint8Array(piece));
      read += piece.byteLength;
      onRead?.(read, undefined);
    }
  } catch (error) {
    source.stop();
    throw error;
  }
};

/**
 * Names lead to addresses that nobody here can see, so that a host of a private network cannot be told from another.
 * Only who says that it may be one gets a download.
 */
export const openURL: UploadSources['openURL'] = async (given, { limit, allowPrivateAddresses, ...options }) => {
  if (!allowPrivateAddresses) {
    throw new KimiInvalidArgumentError({
      argument: 'url',
      message:
        'This runtime does not tell which address a name leads to, so that a "url" could be of a private network. ' +
        'Download the file yourself and give its bytes as "data", or set "allowPrivateAddresses".',
    });
  }
  const signal = anySignal(AbortSignal.timeout(DOWNLOAD_TIME_MS), options.abortSignal);
  let url = downloadURL(given);
  try {
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      const response = await fetch(url, { redirect: 'manual', credentials: 'omit', signal });
      const { status, headers, body } = response;
      const next = redirectOf(url, status, headers.get('location'));
      if (next === undefined) {
        // Decoded already, so that its length is another one.
        checkAnswer(url, { status, length: undefined, encoding: undefined }, limit);
        const onRead = (read: number): void => {
          if (read > limit) {
            throw tooLarge(url, limit);
          }
          options.onRead?.(read, undefined);
        };
        const bytes = await openStream(body ?? new Blob([]).stream(), { abortSignal: signal, onRead });
        return { ...bytes, mediaType: headers.get('content-type') ?? undefined, filename: filenameOf(url) };
      }
      await body?.cancel();
      url = next;
    }
  } catch (error) {
    options.abortSignal?.throwIfAborted();
    throw (error as { code?: unknown }).code === 'KIMI_DOWNLOAD'
      ? error
      : downloadError(url, 'connection', `cannot be downloaded: ${(error as Error).message}.`, undefined, error);
  }
  throw downloadError(url, 'redirects', `was behind more than ${MOST_REDIRECTS} redirects.`);
};

/** Such runtimes keep no copy of a body, and some do not know these words. */
export const streamingInit: RequestInit = {};
