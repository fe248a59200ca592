import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { generateText, uploadFile } from 'ai';
import { generateText as generateText5 } from 'ai-v5';
import { generateText as generateText6 } from 'ai-v6';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { memoryCredentialStore } from '../../src/credential-stores';
import type { KimiProviderSettings, KimiUploadOptions } from '../../src/index';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { createKimi as createKimi5 } from '../../src/v2';
import { createKimi as createKimi6 } from '../../src/v3';
import { createKimi, type KimiProvider } from '../../src/v4';
import { failure } from '../support/failure';

const MP4 = new Uint8Array([0, 0, 0, 24, ...Buffer.from('ftypmp42'), 1, 2, 3]);
const PNG = new Uint8Array(readFileSync(new URL('../../examples/scripts/kimi.png', import.meta.url)));
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

let simulator: KimiSimulator;
let home: string;
let folder: string;
beforeEach(async () => {
  simulator = await startKimiSimulator({
    autoApprove: true,
    apiKeys: { coding: ['sk-kimi-simulator', 'sk-kimi-two'] },
  });
  home = mkdtempSync(path.join(tmpdir(), 'kimi-files-'));
  folder = mkdtempSync(path.join(tmpdir(), 'kimi-media-'));
  process.env.KIMI_PROVIDER_HOME = home;
});
afterEach(async () => {
  await simulator.close();
  delete process.env.KIMI_PROVIDER_HOME;
  rmSync(home, { recursive: true });
  rmSync(folder, { recursive: true });
});

const settings = (changes: KimiProviderSettings = {}): KimiProviderSettings => ({
  baseURL: simulator.apiBaseURL,
  oauthHost: simulator.oauthHost,
  apiKey: 'sk-kimi-simulator',
  ...changes,
});
const kimi = (changes: KimiProviderSettings = {}) => createKimi(settings(changes));
const posts = () => simulator.requests.filter(({ method, path }) => method === 'POST' && path.endsWith('/files'));

function write(name: string, bytes: Uint8Array = MP4): string {
  const file = path.join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

/** A stream that gives its bytes in pieces of seven. */
async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 7) {
    yield bytes.subarray(at, at + 7);
  }
}

describe('sources', () => {
  const SOURCES: Record<string, () => KimiUploadOptions> = {
    bytes: () => ({ data: MP4 }),
    'an ArrayBuffer': () => ({ data: new Uint8Array(MP4).buffer }),
    'a Blob': () => ({ data: new Blob([MP4]) }),
    base64: () => ({ data: Buffer.from(MP4).toString('base64') }),
    'a path': () => ({ path: write('clip.mp4') }),
    'a file URL': () => ({ path: pathToFileURL(write('clip.mp4')) }),
    'a file URL as text': () => ({ path: pathToFileURL(write('clip.mp4')).href }),
    'a web stream': () => ({ stream: new Blob([MP4]).stream() }),
    "a stream of Node's": () => ({ stream: Readable.from(pieces(MP4)) }),
    'an async generator': () => ({ stream: pieces(MP4) }),
  };

  it.each(Object.entries(SOURCES))('%s', async (name, source) => {
    const file = await kimi().files.upload(source());
    expect(file).toEqual({
      reference: `ms://${simulator.files[0]?.id}`,
      id: simulator.files[0]?.id,
      mediaType: 'video/mp4',
      purpose: 'video',
      byteSize: MP4.byteLength,
      hash: sha256(MP4),
      filename: /path|file/.test(name) ? 'clip.mp4' : 'video.mp4',
      createdAt: expect.any(Date),
      expiresAt: undefined,
      isCached: false,
    });
    expect(simulator.files).toMatchObject([{ purpose: 'video', mediaType: 'video/mp4', filename: file.filename }]);
    expect(Buffer.from(simulator.files[0]?.content ?? [])).toEqual(Buffer.from(MP4));
    expect(Number(posts()[0]?.headers['content-length'])).toBeGreaterThan(MP4.byteLength);
  });

  it('a long stream goes through a temporary file, of which nothing stays', async () => {
    const before = readdirSync(tmpdir()).filter(name => name.startsWith('kimi-upload-'));
    const block = new Uint8Array(1024 * 1024).fill(7);
    const stream = Readable.from(
      (async function* () {
        yield MP4;
        for (let count = 0; count < 12; count++) {
          yield block;
        }
      })(),
    );
    const whole = Buffer.concat([MP4, ...Array.from({ length: 12 }, () => block)]);
    const file = await kimi().files.upload({ stream });
    expect(file).toMatchObject({ hash: sha256(whole), byteSize: whole.length, mediaType: 'video/mp4' });
    expect(sha256(simulator.files[0]?.content ?? new Uint8Array())).toBe(sha256(whole));
    const failed = Readable.from(
      (async function* () {
        yield new Uint8Array(9 * 1024 * 1024);
        throw new Error('the source broke');
      })(),
    );
    expect(await failure(() => kimi().files.upload({ stream: failed }))).toMatchObject({ message: 'the source broke' });
    expect(readdirSync(tmpdir()).filter(name => name.startsWith('kimi-upload-'))).toEqual(before);
  });

  it('the type is what was said, else what the bytes, else what the name says', async () => {
    const provider = kimi();
    const typeOf = async (options: KimiUploadOptions) => (await provider.files.upload(options)).mediaType;
    expect(await typeOf({ data: PNG })).toBe('image/png');
    expect(await typeOf({ data: PNG, mediaType: 'image' })).toBe('image/png');
    expect(await typeOf({ data: PNG, mediaType: 'image/*', filename: 'x.mp4' })).toBe('image/png');
    expect(await typeOf({ data: new Uint8Array([9, 9, 1]), mediaType: 'IMAGE/JPG; q=1' })).toBe('image/jpeg');
    expect(await typeOf({ data: new Uint8Array([9, 9, 2]), filename: 'a.b.MOV' })).toBe('video/quicktime');
    expect(await typeOf({ path: write('c.webm', new Uint8Array([9, 9, 3])) })).toBe('video/webm');
  });

  it.each<[string, () => KimiUploadOptions, string, RegExp]>([
    ['nothing', () => ({}) as KimiUploadOptions, 'data', /none was given/],
    ['two sources', () => ({ data: MP4, path: 'x' }) as never, 'data', /"data" and "path" were given/],
    ['no base64', () => ({ data: '!!!' }), 'data', /base64/],
    ['no bytes', () => ({ data: 5 }) as never, 'data', /must be bytes/],
    ['no file', () => ({ path: path.join(folder, 'none') }), 'path', /none cannot be read \(ENOENT\)/],
    ['a folder', () => ({ path: folder }), 'path', /is no file/],
    ['an empty file', () => ({ path: write('a.mp4', new Uint8Array()) }), 'data', /empty/],
    ['a text', () => ({ data: new TextEncoder().encode('hello') }), 'mediaType', /unknown type: set "mediaType"/],
    ['audio', () => ({ data: MP4, mediaType: 'audio/mpeg' }), 'mediaType', /of type audio\/mpeg/],
    ['an image of no type of Kimi’s', () => ({ data: PNG, mediaType: 'image/svg+xml' }), 'mediaType', /svg/],
    ['a stream of text', () => ({ stream: Readable.from(['a']) }), 'stream', /gives a string/],
    ['no stream', () => ({ stream: {} }) as never, 'stream', /ReadableStream/],
    ['a stream that is none', () => ({ stream: null }) as never, 'stream', /ReadableStream/],
    ['a path that is none', () => ({ path: 5 }) as never, 'path', /must be a path/],
    ['a web address as a path', () => ({ path: new URL('https://example.com/a.mp4') }), 'path', /as "url"/],
    ['a file of another machine', () => ({ path: 'file://other/a.mp4' }), 'path', /must be a path/],
    ['no options', () => undefined as never, 'data', /none was given/],
    ['a type that is none', () => ({ data: MP4, mediaType: 5 }) as never, 'mediaType', /must be a string/],
    ['a name that is none', () => ({ data: MP4, filename: {} }) as never, 'filename', /must be a string/],
    ['a cache that is none', () => ({ data: MP4, cache: 'no' }) as never, 'cache', /must be true or false/],
    ['no callback', () => ({ data: MP4, onProgress: true }) as never, 'onProgress', /must be a function/],
    [
      'an allowance that is none',
      () => ({ url: 'https://example.com/', allowPrivateAddresses: 'no' }) as never,
      'allowPrivateAddresses',
      /must be true or false/,
    ],
  ])('%s is an error before anything is sent', async (_, options, argument, message) => {
    const error = await failure(() => kimi().files.upload(options()));
    expect(error).toMatchObject({ code: 'KIMI_INVALID_ARGUMENT', argument, message: expect.stringMatching(message) });
    expect(simulator.counts.requests).toBe(0);
  });

  it.skipIf(process.platform === 'win32')('a named pipe is an error, not a hang', async () => {
    const pipe = path.join(folder, 'pipe.mp4');
    execFileSync('mkfifo', [pipe]);
    expect(await failure(() => kimi().files.upload({ path: pipe }))).toMatchObject({
      message: expect.stringContaining('is no file'),
    });
  });

  it('a name holds no folder and nothing that ends a header', async () => {
    await kimi().files.upload({ data: MP4, filename: '../a\\"b\r\nX: y.mp4' });
    expect(simulator.files[0]?.filename).toBe('bX: y.mp4');
  });

  it('a file that changes while it is sent is an error, and is not remembered', async () => {
    const file = write('grows.mp4', new Uint8Array(400_000).fill(1));
    const options: KimiUploadOptions = {
      path: file,
      onProgress: ({ phase, bytes }) => {
        if (phase === 'send' && bytes < 100_000) {
          writeFileSync(file, new Uint8Array(400_001).fill(2));
        }
      },
    };
    const error = await failure(() => kimi().files.upload(options));
    expect(error).toMatchObject({ code: 'KIMI_INVALID_ARGUMENT', message: expect.stringContaining('was changed') });
    expect(simulator.files).toEqual([]);
  });
});

/** What `fetch` does not catch of a body, Vitest fails of. */
describe('given up while it is sent', () => {
  it.each(['the caller aborts', 'the file changes'])('%s: nothing is left that nobody catches', async reason => {
    for (let block = 1; block <= 4; block++) {
      const file = write(`given-up-${block}.mp4`, new Uint8Array(6 * 65_536).fill(block));
      const abort = new AbortController();
      const options: KimiUploadOptions = {
        path: file,
        abortSignal: abort.signal,
        onProgress({ phase, bytes }) {
          if (phase !== 'send' || bytes !== block * 65_536) {
            return;
          }
          if (reason === 'the file changes') {
            writeFileSync(file, new Uint8Array(6 * 65_536 + 1));
          } else {
            setImmediate(() => abort.abort(new Error('enough')));
          }
        },
      };
      expect(await failure(() => kimi().files.upload(options))).toMatchObject({
        message: expect.stringContaining(reason === 'the file changes' ? 'was changed' : 'enough'),
      });
    }
    // Unhandled rejections are told of after the microtasks of a turn.
    await nextTurn();
    expect(simulator.files).toEqual([]);
  });
});

describe('a server that does not read what it is sent', () => {
  let server: Server;
  let sockets: Socket[];
  let kimi: KimiProvider;
  async function serve(connected: (socket: Socket) => void): Promise<void> {
    sockets = [];
    server = createServer(socket => {
      sockets.push(socket.on('error', () => {}));
      connected(socket);
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    kimi = createKimi({ ...settings(), baseURL: `http://127.0.0.1:${port}/coding/v1` });
  }
  afterEach(async () => {
    sockets.forEach(socket => socket.destroy());
    await new Promise(resolve => server.close(resolve));
  });

  it('gets its answer said, and nothing is left that nobody catches', async () => {
    const answer = 'HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nretry-after: 0\r\nconnection: close\r\n\r\n';
    await serve(socket => socket.once('data', () => socket.pause().end(answer)));
    const path = write('long.mp4', new Uint8Array(8 * 1024 * 1024));
    expect(await failure(() => kimi.files.upload({ path }))).toMatchObject({ statusCode: 503 });
    await nextTurn();
  });

  it('is not read for: what waits to be sent stays on the disk', async () => {
    await serve(socket => socket.pause());
    const [path, abort] = [write('long.mp4', new Uint8Array(64 * 1024 * 1024)), new AbortController()];
    let sent = 0;
    const onProgress: KimiUploadOptions['onProgress'] = ({ phase, bytes }) => (sent = phase === 'send' ? bytes : 0);
    const upload = failure(() => kimi.files.upload({ path, onProgress, abortSignal: abort.signal }));
    let before = -1;
    await vi.waitUntil(() => (sent > 0 && sent === before) || ((before = sent), false), {
      interval: 200,
      timeout: 9_000,
    });
    // What the buffers of two sockets hold.
    expect(sent).toBeLessThan(24 * 1024 * 1024);
    abort.abort(new Error('enough'));
    expect(await upload).toMatchObject({ message: 'enough' });
  });
});

describe('once for each content', () => {
  it('a repeated upload sends nothing, in this process and in the next', async () => {
    const provider = kimi();
    const first = await provider.files.upload({ data: MP4 });
    expect(await provider.files.upload({ path: write('other-name.mp4') })).toMatchObject({
      reference: first.reference,
      isCached: true,
      filename: 'other-name.mp4',
    });
    expect(await kimi().files.upload({ stream: pieces(MP4) })).toMatchObject({ id: first.id, isCached: true });
    expect(posts()).toHaveLength(1);
    const cached = readdirSync(path.join(home, 'cache')).filter(name => name.startsWith('files-'));
    expect(cached).toHaveLength(1);
    const file = path.join(home, 'cache', cached[0] ?? '');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).not.toContain('sk-kimi');
  });

  it('only within an account', async () => {
    const one = await kimi().files.upload({ data: MP4 });
    const two = await kimi({ apiKey: 'sk-kimi-two' }).files.upload({ data: MP4 });
    expect(two.isCached).toBe(false);
    expect(two.id).not.toBe(one.id);
  });

  it('as long as the server says, else for seven days', async () => {
    let now = Date.now();
    const provider = () => kimi({ now: () => now });
    await provider().files.upload({ data: MP4 });
    now += 6 * 86_400_000;
    expect((await provider().files.upload({ data: MP4 })).isCached).toBe(true);
    now += 86_400_000;
    expect((await provider().files.upload({ data: MP4 })).isCached).toBe(false);

    await using short = await startKimiSimulator({ fileLifetime: 3600, now: () => now });
    const dated = () => kimi({ now: () => now, baseURL: short.apiBaseURL }).files.upload({ data: MP4 });
    expect((await dated()).expiresAt?.getTime()).toBe(Math.floor(now / 1000) * 1000 + 3_600_000);
    expect((await dated()).isCached).toBe(true);
    now += 3_600_000;
    expect((await dated()).isCached).toBe(false);
  });

  it('not with cache: false', async () => {
    const provider = kimi();
    const first = await provider.files.upload({ data: MP4 });
    const second = await provider.files.upload({ data: MP4, cache: false });
    expect([second.isCached, second.id === first.id]).toEqual([false, false]);
    expect(await provider.files.upload({ data: MP4 })).toMatchObject({ id: second.id, isCached: true });
  });

  it('a cache that cannot be read or written costs nothing but a request', async () => {
    mkdirSync(path.join(home, 'cache'), { recursive: true });
    await kimi().files.upload({ data: MP4 });
    const [name = ''] = readdirSync(path.join(home, 'cache')).filter(file => file.startsWith('files-'));
    for (const content of ['{', '[]', '{"version":1,"files":[{"id":"../x","hash":1}]}', '{"version":2,"files":[]}']) {
      writeFileSync(path.join(home, 'cache', name), content);
      expect((await kimi().files.upload({ data: MP4 })).isCached).toBe(false);
    }
    rmSync(home, { recursive: true });
    writeFileSync(home, 'no folder');
    expect((await kimi().files.upload({ data: MP4 })).isCached).toBe(false);
  });

  it('several at once share one request, and an abort is of its caller only', async () => {
    simulator.fault({ match: { path: '/files' }, delayMs: 300 });
    const provider = kimi();
    const abort = new AbortController();
    const uploads = Array.from({ length: 5 }, (_, index) =>
      provider.files.upload({ stream: pieces(MP4), ...(index === 0 ? { abortSignal: abort.signal } : {}) }),
    );
    const [first, ...others] = uploads.map(upload => failure(() => upload));
    await vi.waitFor(() => expect(posts()).toHaveLength(1));
    abort.abort(new Error('enough'));
    expect(await first).toMatchObject({ message: 'enough' });
    expect(await Promise.all(others)).toEqual([undefined, undefined, undefined, undefined]);
    expect(posts()).toHaveLength(1);
  });

  it('an abort of the only caller ends the request, and the next upload sends', async () => {
    simulator.fault({ match: { path: '/files' }, connection: { at: 'request', how: 'silence' } });
    const abort = new AbortController();
    const upload = failure(() => kimi().files.upload({ data: MP4, abortSignal: abort.signal }));
    await vi.waitFor(() => expect(posts()).toHaveLength(1));
    abort.abort(new Error('enough'));
    expect(await upload).toMatchObject({ message: 'enough' });
    await vi.waitFor(() => expect(posts()[0]?.clientGone).toBe(true));
    expect((await kimi().files.upload({ data: MP4 })).isCached).toBe(false);
  });
});

describe('sent again', () => {
  it.each<[string, () => KimiUploadOptions]>([
    ['bytes', () => ({ data: MP4 })],
    ['a path', () => ({ path: write('a.mp4') })],
    ['a stream', () => ({ stream: pieces(MP4) })],
  ])('after a 401 about the token: %s', async (_, source) => {
    const credentialStore = memoryCredentialStore();
    const provider = kimi({ apiKey: undefined, credentialStore });
    await provider.auth.login({ onVerification: () => {} });
    // A login asks for the list in the background, which would meet the 401 first.
    await provider.models();
    simulator.expireTokens();
    expect(await provider.files.upload(source())).toMatchObject({ hash: sha256(MP4), isCached: false });
    expect(posts().map(({ status }) => status)).toEqual([401, 200]);
    expect(Buffer.from(simulator.files[0]?.content ?? [])).toEqual(Buffer.from(MP4));
    expect(simulator.rotations).toBe(1);
  });

  it.each([
    ['a server that fails', { status: 503, retryAfter: 0 }],
    ['a limit', { status: 429, retryAfter: 0, body: { error: { message: 'rate limit', type: 'rate_limit' } } }],
    ['a connection that breaks', { connection: { at: 'request', how: 'reset' } }],
  ] as const)('after %s', async (_, fault) => {
    simulator.fault({ match: { path: '/files' }, ...fault });
    expect(await kimi().files.upload({ stream: pieces(MP4) })).toMatchObject({ isCached: false });
    expect(posts()).toHaveLength(2);
    expect(Buffer.from(simulator.files[0]?.content ?? [])).toEqual(Buffer.from(MP4));
  });

  it('twice, then the error is told', async () => {
    simulator.fault({ match: { path: '/files' }, status: 500, retryAfter: 0, times: 9 });
    const error = await failure(() => kimi().files.upload({ data: MP4 }));
    expect(error).toMatchObject({ code: 'KIMI_SERVER_ERROR', statusCode: 500 });
    expect(posts()).toHaveLength(3);
  });

  it.each([400, 403, 404, 413])('not after HTTP %d', async status => {
    simulator.fault({ match: { path: '/files' }, status, times: 9 });
    expect(await failure(() => kimi().files.upload({ data: MP4 }))).toMatchObject({ statusCode: status });
    expect(posts()).toHaveLength(1);
  });

  it('never to another origin', async () => {
    await using other = await startKimiSimulator();
    const headers = { location: `${other.apiBaseURL}/files` };
    simulator.fault({ match: { path: '/files' }, status: 307, headers });
    const error = await failure(() => kimi().files.upload({ data: MP4 }));
    expect(error).toMatchObject({ code: 'KIMI_REDIRECT' });
    expect(other.counts.requests).toBe(0);
  });
});

describe('answers of the server', () => {
  it.each<[string, unknown, string]>([
    ['the id alone', { id: 'file-7' }, 'ms://file-7'],
    ['an id that is a reference', { id: 'ms://file-7' }, 'ms://file-7'],
    ['fields of other types', { id: 'file-7', bytes: 'x', created_at: {}, expires_at: [], filename: 5 }, 'ms://file-7'],
    ['times as text', { id: 'file-7', created_at: '2026-11-26T01:00:00Z', expires_at: '1900000000' }, 'ms://file-7'],
    ['more than is known', { id: 'file-7', object: 'file', status: 'ok', extra: { deep: [1] } }, 'ms://file-7'],
  ])('%s', async (_, body, reference) => {
    simulator.fault({ match: { path: '/files' }, status: 200, body });
    expect(await kimi().files.upload({ data: MP4 })).toMatchObject({ reference });
  });

  it.each<[string, unknown]>([
    ['no id', { object: 'file' }],
    ['an id of another type', { id: 7 }],
    ['an id that is no id', { id: 'a b/../c' }],
    ['an error', { error: { message: 'File size is zero', type: 'invalid_request_error' } }],
    ['a page', '<html><title>Sign in</title></html>'],
    ['nothing', ''],
  ])('%s is an error', async (_, body) => {
    simulator.fault({ match: { path: '/files' }, status: 200, body });
    expect(await failure(() => kimi().files.upload({ data: MP4 }))).toMatchObject({ name: 'KimiAPIError' });
  });
});

describe('progress', () => {
  it('is told while the source is read and while it is sent', async () => {
    const told: string[] = [];
    const bytes = new Uint8Array(200_000);
    await kimi().files.upload({
      path: write('a.mp4', bytes),
      onProgress: ({ phase, bytes, total }) => told.push(`${phase} ${bytes}/${total}`),
    });
    expect(told.at(0)).toBe('read 65536/200000');
    expect(told).toContain('read 200000/200000');
    expect(told).toContain('send 65536/200000');
    expect(told.at(-1)).toBe('send 200000/200000');
  });

  it('a callback that throws ends the upload with its error', async () => {
    const error = await failure(() =>
      kimi().files.upload({
        path: write('a.mp4', new Uint8Array(2_000_000)),
        onProgress: ({ phase }) => {
          if (phase === 'send') {
            throw new Error('my own');
          }
        },
      }),
    );
    expect(error).toMatchObject({ message: 'my own' });
  });
});

it('an aborted signal stops it before the source is opened', async () => {
  const abortSignal = AbortSignal.abort(new Error('enough'));
  const error = await failure(() => kimi().files.upload({ path: '/nowhere', abortSignal }));
  expect(error).toMatchObject({ message: 'enough' });
});

it('identity and authorization are set last, and headers of the settings are sent', async () => {
  const headers = { 'X-Mine': 'yes', 'Content-Type': 'text/plain', 'User-Agent': 'x', Authorization: 'Bearer x' };
  await kimi({ headers }).files.upload({ data: MP4 });
  expect(posts()[0]?.headers).toMatchObject({
    'x-mine': 'yes',
    'user-agent': expect.stringMatching(/^KimiCLI\//),
    authorization: 'Bearer sk-kimi-simulator',
    'content-type': expect.stringMatching(/^multipart\/form-data; boundary=/),
  });
});

it('goes to the platform, too, without an identity', async () => {
  const provider = createKimi({ service: 'platform', baseURL: simulator.platformBaseURL, apiKey: 'sk-simulator' });
  await provider.files.upload({ data: PNG });
  expect(posts()[0]).toMatchObject({ path: '/v1/files', status: 200 });
  expect(posts()[0]?.headers['x-msh-platform']).toBeUndefined();
});

describe('FilesV4', () => {
  it.each(['data', 'stream'] as const)('uploadFile of AI SDK 7 (%s), and the reference in a prompt', async type => {
    const provider = kimi();
    const data =
      type === 'data' ? { type, data: MP4 } : { type, stream: new Blob([MP4]).stream() as ReadableStream<Uint8Array> };
    const result = await uploadFile({ api: provider, data, filename: 'clip.mp4' });
    expect(result).toMatchObject({
      providerReference: { kimi: `ms://${simulator.files[0]?.id}` },
      mediaType: 'video/mp4',
      filename: 'clip.mp4',
      byteSize: MP4.byteLength,
      createdAt: expect.any(Date),
      providerMetadata: { kimi: { hash: sha256(MP4), purpose: 'video', isCached: false } },
      warnings: [],
    });
    const { providerReference: reference, mediaType = '' } = result;
    await generateText({
      model: provider('kimi-for-coding'),
      messages: [{ role: 'user', content: [{ type: 'file', mediaType, data: { type: 'reference', reference } }] }],
    });
    expect(JSON.stringify(simulator.requests.at(-1)?.json)).toContain(`"url":"${reference.kimi}"`);
  });

  it('metadata, content, deletion', async () => {
    const provider = kimi();
    const api = provider.files();
    expect(api).toMatchObject({ specificationVersion: 'v4', provider: 'kimi.files' });
    const { providerReference: file } = await uploadFile({ api, data: PNG, filename: 'a.png' });
    expect(await api.getFileMetadata?.({ file })).toEqual({
      providerReference: file,
      filename: 'a.png',
      byteSize: PNG.byteLength,
      createdAt: expect.any(Date),
      providerMetadata: { kimi: { id: simulator.files[0]?.id, purpose: 'image' } },
      warnings: [],
    });
    const download = await api.downloadFile?.({ file });
    expect(download?.mediaType).toBe('image/png');
    expect(new Uint8Array(await new Response(download?.content).arrayBuffer())).toEqual(PNG);
    expect(await api.deleteFile?.({ file })).toEqual({ providerReference: file, deleted: true, warnings: [] });
    expect(await failure(() => api.getFileMetadata?.({ file }))).toMatchObject({ statusCode: 404 });
    expect(await failure(() => api.downloadFile?.({ file }))).toMatchObject({ statusCode: 404 });
    expect((await provider.files.upload({ data: PNG })).isCached).toBe(false);
  });

  it('reads a reference under the name of the provider, says what is missing and what it does not know', async () => {
    const provider = kimi({ name: 'mine' });
    const api = provider.files();
    await uploadFile({ api, data: PNG });
    const id = simulator.files[0]?.id ?? '';
    expect(await api.getFileMetadata?.({ file: { mine: id } })).toMatchObject({ byteSize: PNG.byteLength });
    const error = await failure(() => api.deleteFile?.({ file: { openai: 'file-1' } }));
    expect(error).toMatchObject({ code: 'KIMI_INVALID_ARGUMENT', argument: 'file' });
    const providerOptions = { mine: { cache: false, purpose: 'x' } };
    const { warnings } = await uploadFile({ api, data: PNG, providerOptions });
    expect(warnings).toEqual([{ type: 'other', message: expect.stringContaining('kimi.purpose') }]);
    expect(posts()).toHaveLength(2);
  });
});

describe('the reference in a prompt', () => {
  const message = (data: URL) => ({
    role: 'user' as const,
    content: [
      { type: 'file' as const, mediaType: 'video/mp4', data },
      { type: 'text' as const, text: 'What happens?' },
    ],
  });

  it.each([
    [
      5,
      async () => {
        const provider = createKimi5(settings());
        const { reference } = await provider.files.upload({ data: MP4 });
        await generateText5({ model: provider('kimi-for-coding'), messages: [message(new URL(reference))] });
      },
    ],
    [
      6,
      async () => {
        const provider = createKimi6(settings());
        const { reference } = await provider.files.upload({ data: MP4 });
        await generateText6({ model: provider('kimi-for-coding'), messages: [message(new URL(reference))] });
      },
    ],
    [
      7,
      async () => {
        const provider = kimi();
        const { reference } = await provider.files.upload({ data: MP4 });
        await generateText({ model: provider('kimi-for-coding'), messages: [message(new URL(reference))] });
      },
    ],
  ])('AI SDK %d', async (_, ask) => {
    await ask();
    const chat = simulator.requests.at(-1);
    expect(chat).toMatchObject({ status: 200, path: '/coding/v1/chat/completions' });
    expect(JSON.stringify(chat?.json)).toContain(`"url":"ms://${simulator.files[0]?.id}"`);
  });

  it.each(['as a URL', 'as a reference'])('to a file that is gone: the next upload sends it again (%s)', async how => {
    const provider = kimi();
    const { reference, mediaType } = await provider.files.upload({ data: MP4 });
    simulator.forgetFiles();
    const data =
      how === 'as a URL' ? new URL(reference) : { type: 'reference' as const, reference: { kimi: reference } };
    const messages = [{ role: 'user' as const, content: [{ type: 'file' as const, mediaType, data }] }];
    const error = await failure(() => generateText({ model: provider('kimi-for-coding'), messages }));
    expect(error).toMatchObject({ reason: 'file-gone' });
    expect(await kimi().files.upload({ data: MP4 })).toMatchObject({ isCached: false });
    expect(await provider.files.upload({ data: MP4 })).toMatchObject({ isCached: true, id: simulator.files[0]?.id });
    expect(posts()).toHaveLength(2);
  });
});
