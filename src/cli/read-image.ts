import { readFile } from 'node:fs/promises';
import { UsageError } from './usage-error';

/** How the formats that Kimi takes begin (wire.md 6.6). */
const SIGNATURES: ReadonlyArray<readonly [mediaType: string, starts: (head: Buffer) => boolean]> = [
  ['image/png', head => head.subarray(0, 4).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47]))],
  ['image/jpeg', head => head.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))],
  ['image/gif', head => head.toString('latin1', 0, 4) === 'GIF8'],
  ['image/webp', head => head.toString('latin1', 0, 4) === 'RIFF' && head.toString('latin1', 8, 12) === 'WEBP'],
];

/** A picture of the disk, by its content: the name of a file says nothing. @throws UsageError */
export async function readImage(path: string): Promise<{ mediaType: string; data: Uint8Array }> {
  const data = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`The image ${path} cannot be read (${error.code ?? error.name}).`);
  });
  const mediaType = SIGNATURES.find(([, starts]) => starts(data.subarray(0, 12)))?.[0];
  if (mediaType === undefined) {
    throw new UsageError(`${path} is not a PNG, JPEG, GIF or WebP image.`);
  }
  return { mediaType, data };
}
