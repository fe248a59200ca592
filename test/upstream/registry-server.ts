import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';

export type ServedPackage = {
  latest: string;
  versions?: readonly string[];
  /** Of the newest version, by path. */
  files?: Readonly<Record<string, string>>;
  /** The registry says another hash. */
  isForged?: boolean;
  /** Instead of what the registry knows of the package. `hang`: no answer at all. */
  fault?: number | 'hang';
};

/** An npm registry on loopback with these packages, and nothing else. Closed when the test is over. */
export async function startRegistry(packages: Readonly<Record<string, ServedPackage>>): Promise<string> {
  const server = createServer((request, response) => {
    const [name = '', isTarball] = decodeURIComponent(request.url ?? '')
      .slice(1)
      .split('.tgz') as [string, string?];
    const served = packages[name];
    if (served?.fault === 'hang') {
      return;
    }
    if (served === undefined || served.fault !== undefined) {
      response.writeHead(served?.fault ?? 404).end('{}');
      return;
    }
    const tarball = pack(served.files ?? {});
    if (isTarball !== undefined) {
      response.end(tarball);
      return;
    }
    const hash = createHash('sha512').update(served.isForged ? 'other' : tarball);
    const dist = {
      tarball: `http://${request.headers.host}/${name.replace('/', '%2f')}.tgz`,
      integrity: `sha512-${hash.digest('base64')}`,
    };
    const versions = [...(served.versions ?? []), served.latest].map(version => [version, { dist }]);
    response.end(JSON.stringify({ 'dist-tags': { latest: served.latest }, versions: Object.fromEntries(versions) }));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const packed = new Map<object, Buffer>();

/** As npm packs: everything below `package/`. */
function pack(files: Readonly<Record<string, string>>): Buffer {
  const known = packed.get(files);
  if (known !== undefined) {
    return known;
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'kimi-upstream-'));
  try {
    for (const [name, text] of Object.entries({ 'package.json': '{}', ...files })) {
      const file = path.join(folder, 'package', name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    execFileSync('tar', ['-czf', 'package.tgz', 'package'], { cwd: folder });
    const tarball = readFileSync(path.join(folder, 'package.tgz'));
    packed.set(files, tarball);
    return tarball;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
