import type { Transform } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { constants, createBrotliCompress, createDeflate, createGzip, createZstdCompress, type Zlib } from 'node:zlib';
import type { FloodEncoding } from './fault';

/** So much of the text becomes one block. */
const BLOCK_BYTES = 1024 * 1024;

/** So much is written at once; a compressed block may have a dozen bytes. */
const PACKET_BYTES = 16 * 1024;

type Compressor = Transform & Pick<Zlib, 'flush'>;

const COMPRESSORS: Record<FloodEncoding, () => Compressor> = {
  gzip: createGzip,
  deflate: createDeflate,
  // The default quality takes a hundred times as long.
  br: () => createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
  zstd: createZstdCompress,
};

/**
 * A body without end, as `first`, then `again` for ever: what `before` says, then `text` again and again. Compressed,
 * each is cut off by a flush, so that a block may be sent a thousand times: a gigabyte costs the sender one megabyte.
 */
export async function floodOf(
  before: string,
  text: string,
  encoding: FloodEncoding | undefined,
): Promise<{ first: Buffer; again: Buffer }> {
  const block = Buffer.from(text.repeat(Math.ceil(BLOCK_BYTES / Buffer.byteLength(text))));
  if (encoding === undefined) {
    return { first: Buffer.from(before), again: block };
  }
  const compressor = COMPRESSORS[encoding]();
  const first = await compressed(compressor, Buffer.concat([Buffer.from(before), block]));
  // The second block refers to the first one, and so can stand behind itself.
  const again = await compressed(compressor, block);
  compressor.destroy();
  return { first, again: Buffer.concat(Array.from({ length: Math.ceil(PACKET_BYTES / again.length) }, () => again)) };
}

async function compressed(compressor: Compressor, text: Buffer): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const keep = (piece: Buffer): void => void pieces.push(piece);
  compressor.on('data', keep);
  compressor.write(text);
  await new Promise<void>(resolve => {
    compressor.flush(resolve);
  });
  await nextTurn();
  compressor.off('data', keep);
  return Buffer.concat(pieces);
}
