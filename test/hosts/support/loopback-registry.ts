import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http, { createServer, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';

/**
 * An npm registry on loopback that has this package in it, from its tarball; for every other package it asks the
 * registry that npm is set to. Runs outside the test processes, which may reach loopback only.
 */
export async function startLoopbackRegistry(tarball: string): Promise<{ url: string; close: () => Promise<void> }> {
  const bytes = readFileSync(tarball);
  const packed = execFileSync('tar', ['-xzOf', tarball, 'package/package.json'], { encoding: 'utf8' });
  const manifest = JSON.parse(packed) as { name: string; version: string };
  const upstream = npmConfig('registry') ?? 'https://registry.npmjs.org/';
  const { request } = upstream.startsWith('http:') ? http : https;
  const certificates = npmConfig('cafile');
  const ca = certificates === undefined ? {} : { ca: readFileSync(certificates) };

  const server = createServer(({ url = '/', headers }, response) => {
    const file = `/${manifest.name}/-/${manifest.name}-${manifest.version}.tgz`;
    if (url === `/${manifest.name}`) {
      const dist = {
        tarball: `http://${headers.host}${file}`,
        integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}`,
      };
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          name: manifest.name,
          'dist-tags': { latest: manifest.version },
          versions: { [manifest.version]: { ...manifest, dist } },
        }),
      );
    } else if (url === file) {
      response.end(bytes);
    } else {
      const accept = headers.accept === undefined ? {} : { accept: headers.accept };
      request(new URL(url.slice(1), upstream), { headers: accept, ...ca }, answer => {
        response.writeHead(answer.statusCode ?? 502, {
          'content-type': answer.headers['content-type'] ?? 'application/octet-stream',
        });
        answer.pipe(response);
      })
        .on('error', error => fail(response, error))
        .end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function npmConfig(key: string): string | undefined {
  const value = execFileSync('npm', ['config', 'get', key], {
    encoding: 'utf8',
    shell: process.platform === 'win32',
  }).trim();
  return value === '' || value === 'null' || value === 'undefined' ? undefined : value;
}

function fail(response: ServerResponse, error: Error): void {
  response.statusCode = 502;
  response.end(error.message);
}
