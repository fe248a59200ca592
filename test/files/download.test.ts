/** Real servers on loopback; some of its addresses stand for the internet. */
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { download } from '../../src/platform/download';
import * as edge from '../../src/platform/edge';
import { isPublicAddress } from '../../src/platform/public-address';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { createKimi, type KimiProviderSettings, type KimiUploadOptions } from '../../src/v4';
import { failure } from '../support/failure';

const MP4 = Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from('ftypmp42'), Buffer.alloc(5000, 3)]);

let servers: Server[];
let simulator: KimiSimulator;
let home: string;
let asked: IncomingMessage[];
beforeEach(async () => {
  servers = [];
  asked = [];
  simulator = await startKimiSimulator();
  home = mkdtempSync(path.join(tmpdir(), 'kimi-download-'));
  process.env.KIMI_PROVIDER_HOME = home;
});
afterEach(async () => {
  servers.forEach(server => server.closeAllConnections());
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))));
  await simulator.close();
  rmSync(home, { recursive: true });
  delete process.env.KIMI_PROVIDER_HOME;
});

async function serve(answer: RequestListener, address = '127.0.0.1'): Promise<string> {
  const server = createServer((request, response) => {
    asked.push(request);
    answer(request, response);
  });
  servers.push(server);
  await new Promise<void>(resolve => server.listen(0, address, resolve));
  return `http://${address}:${(server.address() as AddressInfo).port}`;
}

const video: RequestListener = (_, response) => response.writeHead(200, { 'content-type': 'video/mp4' }).end(MP4);

const upload = (options: Partial<KimiUploadOptions> & { url: string }, settings: KimiProviderSettings = {}) =>
  createKimi({ baseURL: simulator.apiBaseURL, apiKey: 'sk-kimi-simulator', ...settings }).files.upload({
    allowPrivateAddresses: true,
    ...options,
  } as KimiUploadOptions);

describe('an upload by URL', () => {
  it('is fetched as nobody and sent to Kimi', async () => {
    const url = await serve(video);
    const fetch = vi.fn(globalThis.fetch);
    const headers = { Cookie: 'a=b', 'X-Mine': 'yes' };
    const file = await upload({ url: `${url}/a%20b.mp4?token=secret` }, { fetch, headers });
    expect(file).toMatchObject({ mediaType: 'video/mp4', byteSize: MP4.length, filename: 'a b.mp4' });
    expect(Buffer.from(simulator.files[0]?.content ?? [])).toEqual(MP4);
    const [request] = asked;
    expect(Object.keys(request?.headers ?? {}).toSorted()).toEqual([
      'accept',
      'accept-encoding',
      'connection',
      'host',
      'user-agent',
    ]);
    expect(request?.headers['user-agent']).toBe('node');
    expect(fetch.mock.calls.map(([input]) => String(input)).filter(called => called.startsWith(url))).toEqual([]);
  });

  it('believes a server that says nothing of the type less than the bytes', async () => {
    const url = await serve((_, response) =>
      response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(MP4),
    );
    expect(await upload({ url })).toMatchObject({ mediaType: 'video/mp4', filename: 'video.mp4' });
  });

  it('counts while it reads: a server that does not say how much it sends is cut off', async () => {
    let sent = 0;
    const url = await serve((request, response) => {
      const timer = setInterval(() => {
        if (response.writableNeedDrain !== true) {
          response.write(Buffer.alloc(64 * 1024, 1));
          sent += 64 * 1024;
        }
      }, 1);
      request.socket.once('close', () => clearInterval(timer));
    });
    const error = await failure(() => upload({ url }, { limits: { downloadBytes: 300_000 } }));
    expect(error).toMatchObject({ code: 'KIMI_DOWNLOAD', reason: 'size' });
    expect(sent).toBeLessThan(20 * 1024 * 1024);
    expect(simulator.counts.uploads).toBe(0);
  });

  it('does not read what says that it is larger', async () => {
    const url = await serve((_, response) => response.writeHead(200, { 'content-length': '300001' }).write('a'));
    const error = await failure(() => upload({ url }, { limits: { downloadBytes: 300_000 } }));
    expect(error).toMatchObject({ reason: 'size', message: expect.stringContaining('limits.downloadBytes') });
  });

  it.each<[string, RequestListener, object]>([
    ['404', (_, response) => response.writeHead(404).end(), { reason: 'status', statusCode: 404 }],
    [
      'a coding that was not asked for',
      (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'),
      { reason: 'status' },
    ],
    [
      'an answer that breaks off',
      (_, response) => response.writeHead(200, { 'content-length': '9' }).write('a', () => response.destroy()),
      { reason: 'connection' },
    ],
    ['a connection that breaks', request => request.socket.destroy(), { reason: 'connection' }],
    ['a redirect to nothing', (_, response) => response.writeHead(302).end(), {}],
    [
      'a redirect to a file',
      (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
      { reason: 'redirects' },
    ],
    [
      'a redirect with a password',
      (_, response) => response.writeHead(302, { location: 'http://u:p@127.0.0.1/' }).end(),
      { reason: 'redirects' },
    ],
    ['a circle', (_, response) => response.writeHead(302, { location: '/again' }).end(), { reason: 'redirects' }],
  ])('%s is an error that shows no query', async (_, answer, expected) => {
    const url = await serve(answer);
    const error = await failure(() => upload({ url: `${url}/v.mp4?signature=secret` }));
    expect(error).toMatchObject({ code: 'KIMI_DOWNLOAD', name: 'KimiDownloadError', ...expected });
    expect((error as Error).message).not.toContain('secret');
    expect(asked.length).toBeLessThanOrEqual(6);
    expect(simulator.counts.uploads).toBe(0);
  });

  it('follows five redirects', async () => {
    const url = await serve((request, response) => {
      const count = Number(request.url?.slice(2) || 0);
      return count === 5 ? video(request, response) : response.writeHead(307, { location: `/r${count + 1}` }).end();
    });
    expect(await upload({ url: `${url}/r0` })).toMatchObject({ byteSize: MP4.length });
    expect(asked).toHaveLength(6);
  });

  it('an abort ends it', async () => {
    const url = await serve((_, response) => response.writeHead(200).write('a'));
    const abort = new AbortController();
    const error = failure(() => upload({ url, abortSignal: abort.signal }));
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    abort.abort(new Error('enough'));
    expect(await error).toMatchObject({ message: 'enough' });
    await vi.waitFor(() => expect(asked[0]?.socket.destroyed).toBe(true));
  });

  it.each(['its headers', 'its body'])(
    'a server that never comes to the end of %s is left after ten minutes',
    async what => {
      const limits: AbortController[] = [];
      vi.spyOn(AbortSignal, 'timeout').mockImplementation(milliseconds => {
        const limit = new AbortController();
        return milliseconds === 600_000 ? (limits.push(limit), limit.signal) : limit.signal;
      });
      const url = await serve((_, response) => what === 'its body' && response.writeHead(200).write('a'));
      const error = failure(() => upload({ url: `${url}/v.mp4?token=secret` }));
      await vi.waitFor(() => expect(asked).toHaveLength(1));
      limits.forEach(limit => limit.abort(new DOMException('The operation timed out', 'TimeoutError')));
      expect(await error).toMatchObject({
        code: 'KIMI_DOWNLOAD',
        reason: 'connection',
        message: `The file at ${url}/v.mp4 did not come within 600 s.`,
      });
      vi.restoreAllMocks();
    },
  );

  it('without room for it, the error says where that would be', async () => {
    const url = await serve((_, response) => response.writeHead(200).end(Buffer.alloc(9 * 1024 * 1024)));
    vi.stubEnv('TMPDIR', '/nowhere/at/all');
    const error = await failure(() => upload({ url }));
    vi.unstubAllEnvs();
    expect(error).toMatchObject({ code: 'KIMI_INVALID_ARGUMENT', message: expect.stringContaining('Set TMPDIR') });
  });

  it.each(['ftp://example.com/a.mp4', 'file:///etc/passwd', 'data:video/mp4,a', 'no url', 'http://u:p@example.com/'])(
    '%s is no URL to upload from',
    async url => {
      const error = await failure(() => upload({ url }));
      expect(error).toMatchObject({ code: 'KIMI_INVALID_ARGUMENT', argument: 'url' });
      expect((error as Error).message).not.toContain('u:p');
    },
  );
});

describe('addresses', () => {
  it.each([
    'localhost',
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '169.254.169.254',
    '172.31.255.255',
    '192.168.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    '[fe80::1]',
    '[fd00::1]',
    '[ff02::1]',
  ])('nothing is taken from %s', async host => {
    await serve(video, '127.0.0.1');
    const port = (servers[0]?.address() as AddressInfo).port;
    const error = await failure(() => upload({ url: `http://${host}:${port}/`, allowPrivateAddresses: false }));
    expect(error).toMatchObject({ code: 'KIMI_DOWNLOAD', reason: 'address' });
    expect((error as Error).message).toContain('allowPrivateAddresses');
    expect(asked).toEqual([]);
  });

  it('unless the setting of the provider says so', async () => {
    const url = await serve(video);
    const options = { url, allowPrivateAddresses: undefined };
    expect(await failure(() => upload(options))).toMatchObject({ reason: 'address' });
    expect(await upload(options, { allowPrivateAddresses: true })).toMatchObject({ byteSize: MP4.length });
  });

  it('a setting that is neither yes nor no allows nothing, and is told before anything is asked', async () => {
    const url = await serve(video);
    const error = await failure(() =>
      upload({ url, allowPrivateAddresses: undefined }, { allowPrivateAddresses: 'false' as never }),
    );
    expect(error).toMatchObject({ code: 'KIMI_INVALID_ARGUMENT', argument: 'allowPrivateAddresses' });
    expect(asked).toEqual([]);
  });

  it.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450:4001::8a'])(
    '%s is of the internet',
    address => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  it.each(['fe80::1%eth0', '', 'example.com', '::ffff:8.8.8.8', '2001:db8::1', '192.0.2.1'])('%j is not', address => {
    expect(isPublicAddress(address)).toBe(false);
  });

  const isPublic = (address: string): boolean => address === '127.0.0.1';
  const request = () => ({
    limit: 1_000_000,
    allowPrivateAddresses: false,
    abortSignal: new AbortController().signal,
    isPublic,
  });

  it.skipIf(process.platform === 'darwin')('not after a redirect either', async () => {
    const inner = await serve(video, '127.0.0.2');
    const outer = await serve((_, response) => response.writeHead(302, { location: `${inner}/x` }).end());
    const error = await failure(() => download(outer, request()));
    expect(error).toMatchObject({ reason: 'address', url: `${inner}/x` });
    expect(asked).toHaveLength(1);
  });

  it('nor where a name leads there', async () => {
    const url = (await serve(video)).replace('127.0.0.1', 'localhost');
    const { body } = await download(url, request());
    body.destroy();
    const error = await failure(() => download(url, { ...request(), isPublic: () => false }));
    expect(error).toMatchObject({ reason: 'address' });
    expect(asked).toHaveLength(1);
  });
});

describe('on edge', () => {
  const reading = { limit: 1_000_000, allowPrivateAddresses: true };

  it('has no paths, and no URLs without a word', async () => {
    expect(await failure(() => edge.openPath('a.mp4', {}))).toMatchObject({ argument: 'path' });
    const error = await failure(() =>
      edge.openURL('https://example.com/', { ...reading, allowPrivateAddresses: false }),
    );
    expect(error).toMatchObject({ argument: 'url', message: expect.stringContaining('allowPrivateAddresses') });
  });

  it('gives the same of bytes, streams and URLs as Node does', async () => {
    const url = await serve(video);
    const [bytes, stream, download] = await Promise.all([
      edge.openBytes(new Blob([MP4]), {}),
      edge.openStream(new Blob([MP4]).stream(), {}),
      edge.openURL(`${url}/a.mp4`, reading),
    ]);
    expect(stream.hash).toBe(bytes.hash);
    expect(download).toMatchObject({ hash: bytes.hash, filename: 'a.mp4', mediaType: 'video/mp4' });
    expect(bytes.byteSize).toBe(MP4.length);
  });

  it('counts and follows as Node does', async () => {
    const circle = await serve((_, response) => response.writeHead(302, { location: '/again' }).end());
    expect(await failure(() => edge.openURL(circle, reading))).toMatchObject({ reason: 'redirects' });
    expect(asked).toHaveLength(6);
    const url = await serve(video);
    expect(await failure(() => edge.openURL(url, { ...reading, limit: 4999 }))).toMatchObject({ reason: 'size' });
  });
});
