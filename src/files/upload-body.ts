import { lazy } from '../transport/lazy';
import { bytePieces, type ByteSource } from './byte-pieces';
import type { ReadingWatch, UploadContent } from './upload-content';

/** Made when the first upload is, so that importing this module does nothing. */
const watchedBlobClass = lazy(
  () =>
    class extends Blob {
      private readonly openStream: () => ReadableStream<Uint8Array>;

      constructor(parts: BlobPart[], type: string, openStream: () => ReadableStream<Uint8Array>) {
        super(parts, { type });
        this.openStream = openStream;
      }

      override stream(): ReturnType<Blob['stream']> {
        return this.openStream() as ReturnType<Blob['stream']>;
      }
    },
);

/**
 * The body of an upload: purpose and file as multipart (RFC 7578). A `Blob` and not a `FormData`, of which Node 24's
 * `fetch` reads all at once and fails by itself where the server does not wait for it
 * (docs/wire.md#uploads-with-nodes-fetch); a `fetch` of somebody else's that does not know this runtime's `FormData`
 * knows its `Blob`. One that does not read it by `stream()` (Bun) sends the same, and tells nothing.
 */
export function uploadBody(
  { purpose, filename, mediaType, hash, content, read }: UploadContent,
  watch: ReadingWatch,
): Blob {
  // Nothing can hold its own hash.
  const boundary = `kimi-${hash.slice(0, 40)}`;
  const part = (name: string, more: string): string =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${more}\r\n`;
  const head = new TextEncoder().encode(
    `${part('purpose', '')}\r\n${purpose}\r\n` +
      `${part('file', `; filename="${escaped(filename)}"`)}Content-Type: ${mediaType}\r\n\r\n`,
  );
  const end = new TextEncoder().encode(`\r\n--${boundary}--\r\n`);
  const openStream = () => watchedStream({ head, read, end }, watch);
  return new (watchedBlobClass())([head, content, end], `multipart/form-data; boundary=${boundary}`, openStream);
}

/** As the HTML standard has it for the names of files. */
function escaped(filename: string): string {
  return filename.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22');
}

/** Nothing is read before it is asked for. */
function watchedStream(parts: Parts, watch: ReadingWatch): ReadableStream<Uint8Array> {
  const pieces = bytePieces(piecesOf(parts, watch));
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const piece = await pieces.next();
        if (piece === undefined) {
          controller.close();
        } else {
          controller.enqueue(piece);
        }
      },
      cancel: reason => pieces.stop(reason),
    },
    { highWaterMark: 0 },
  );
}

type Parts = { head: Uint8Array; read: () => ByteSource; end: Uint8Array };

async function* piecesOf({ head, read, end }: Parts, watch: ReadingWatch): AsyncGenerator<Uint8Array> {
  yield head;
  const pieces = bytePieces(read());
  let bytes = 0;
  try {
    for (;;) {
      const piece = await pieces.next();
      if (piece === undefined) {
        break;
      }
      bytes += piece.byteLength;
      watch.onRead(bytes);
      yield piece;
    }
  } catch (error) {
    watch.onFailed(error);
    throw error;
  } finally {
    pieces.stop();
  }
  yield end;
}
