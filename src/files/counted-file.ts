import { lazy } from '../transport/lazy';
import { bytePieces, type ByteSource } from './byte-pieces';
import type { ReadingWatch } from './upload-content';

/** Gives the content from its beginning, each time. */
type OpenStream = () => ReadableStream<Uint8Array>;

/** Made when the first file is: not every runtime that loads this module has `File`. */
const countedFileClass = lazy(
  () =>
    class extends File {
      private readonly openStream: OpenStream;

      constructor(content: Blob, name: string, type: string, openStream: OpenStream) {
        super([content], name, { type });
        this.openStream = openStream;
      }

      override stream(): ReturnType<File['stream']> {
        return this.openStream() as ReturnType<File['stream']>;
      }
    },
);

/**
 * A file for a form, whose reading is told of: `fetch` of Node and of edge runtimes reads each file of a form by its
 * `stream()`. One that takes the bytes by another way (Bun) sends the same, and tells nothing.
 * @param open the same bytes as `content`, read in another way
 */
export function countedFile(
  content: Blob,
  {
    name,
    type,
    watch,
    open = () => content.stream(),
  }: { name: string; type: string; watch: ReadingWatch; open?: (() => ByteSource) | undefined },
): File {
  const counted: OpenStream = () => {
    const pieces = bytePieces(open());
    let read = 0;
    return new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const piece = await pieces.next().catch(watch.onFailed);
          if (piece !== undefined) {
            read += piece.byteLength;
            watch.onRead(read);
          }
          if (watch.signal.aborted) {
            // Node 24's `fetch` does not catch what a body does after its request was given up: one more piece, an end
            // or an error would be an unhandled rejection, which ends the process. So its reader waits for ever.
            pieces.stop(watch.signal.reason);
            return new Promise<never>(() => {});
          }
          if (piece === undefined) {
            controller.close();
            return;
          }
          controller.enqueue(piece);
        },
        cancel: reason => pieces.stop(reason),
      },
      // Nothing is read before it is asked for.
      { highWaterMark: 0 },
    );
  };
  return new (countedFileClass())(content, name, type, counted);
}
