import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { z } from 'zod/v4';
import type { Versions } from './compare-versions.ts';

/**
 * In bytes, and for a whole download in milliseconds. `ai` has 4 MB of versions; the official client is 18 MB, and
 * 54 MB unpacked.
 */
const LIMITS = {
  packument: 32 * 1024 * 1024,
  tarball: 64 * 1024 * 1024,
  unpacked: 256 * 1024 * 1024,
  timeoutMs: 60_000,
};

/** A name that can be shown anywhere. */
const VERSION = z.string().regex(/^[\w.+-]{1,100}$/);

const PACKUMENT = z.object({
  'dist-tags': z.object({ latest: VERSION }),
  versions: z.record(
    VERSION,
    z.object({ dist: z.object({ tarball: z.url({ protocol: /^https?$/ }), integrity: z.string() }) }),
  ),
});

export type ParseTar = (
  data: Uint8Array,
  options: { filter: (file: { name: string }) => boolean },
) => Array<{ name: string; text: string }>;

export type Registry = {
  /** What there is of a package. @throws what could not be looked at, and why */
  versions(name: string): Promise<Versions>;
  /** Files of the newest version, in memory: nothing of a package is written or run. @throws as `versions` */
  files(name: string, wanted: readonly string[]): Promise<string[]>;
};

/** npm's registry by plain GET requests, with limits on time and size. */
export function openRegistry({
  url,
  parseTar,
  limits = {},
}: {
  url: string;
  parseTar: ParseTar;
  limits?: Partial<typeof LIMITS>;
}): Registry {
  const { packument: packumentLimit, tarball: tarballLimit, unpacked, timeoutMs } = { ...LIMITS, ...limits };
  const packuments = new Map<string, Promise<z.infer<typeof PACKUMENT>>>();
  const packument = (name: string) => {
    const known = packuments.get(name) ?? requestPackument(url, name, { bytes: packumentLimit, timeoutMs });
    packuments.set(name, known);
    return known;
  };
  return {
    async versions(name) {
      const { 'dist-tags': tags, versions } = await packument(name);
      return { latest: tags.latest, all: Object.keys(versions) };
    },
    async files(name, wanted) {
      const { 'dist-tags': tags, versions } = await packument(name);
      const dist = versions[tags.latest]?.dist;
      if (dist === undefined) {
        throw new Error(`${name} has no version ${tags.latest}`);
      }
      const tarball = await get(dist.tarball, { bytes: tarballLimit, timeoutMs });
      if (!isIntact(tarball, dist.integrity)) {
        throw new Error(`${dist.tarball} is not what ${name} says it is (sha512)`);
      }
      const tar = await promisify(gunzip)(tarball, { maxOutputLength: unpacked });
      // A copy: what `gunzip` gives may be a part of a larger memory, and nanotar reads that from its beginning.
      const files = parseTar(new Uint8Array(tar), {
        filter: file => wanted.some(path => file.name === `package/${path}`),
      });
      return wanted.map(path => {
        const file = files.find(file => file.name === `package/${path}`);
        if (file === undefined) {
          throw new Error(`${name} ${tags.latest} has no ${path}`);
        }
        return file.text;
      });
    },
  };
}

async function requestPackument(url: string, name: string, limit: Limit): Promise<z.infer<typeof PACKUMENT>> {
  const address = `${url.replace(/\/$/, '')}/${name.replace('/', '%2f')}`;
  const accept = 'application/vnd.npm.install-v1+json';
  const body = await get(address, limit, { accept });
  return PACKUMENT.parse(JSON.parse(body.toString('utf8')));
}

type Limit = { bytes: number; timeoutMs: number };

async function get(
  address: string,
  { bytes, timeoutMs }: Limit,
  headers: Record<string, string> = {},
): Promise<Buffer> {
  const response = await fetch(address, { headers, signal: AbortSignal.timeout(timeoutMs) });
  if (!response.ok || response.body === null) {
    throw new Error(`${address} answered HTTP ${response.status}`);
  }
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of response.body) {
    size += piece.byteLength;
    if (size > bytes) {
      throw new Error(`${address} has more than ${bytes} bytes`);
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function isIntact(data: Buffer, integrity: string): boolean {
  const expected = /sha512-([\w+/=]+)/.exec(integrity)?.[1];
  return createHash('sha512').update(data).digest('base64') === expected;
}
