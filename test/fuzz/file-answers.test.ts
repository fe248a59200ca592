/** Whatever `/files/<id>` answers: metadata, content and deletion end in a value that is what it says, or a typed error. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { KimiAPIError } from '../../src/errors/kimi-api-error';
import { KimiError } from '../../src/errors/kimi-error';
import { createKimi } from '../../src/v4';
import { LeakDetector } from '../support/leak-detector';
import { check } from './fuzz';
import { CANARY, hostileValue, mutated } from './hostile-json';

const KEY = `sk-kimi-${CANARY}`;
const FILE = { kimi: 'ms://file-1' };
const LIMIT_MS = 20_000;
const OPERATIONS = ['getFileMetadata', 'downloadFile', 'deleteFile'] as const;
type Operation = (typeof OPERATIONS)[number];

const detector = new LeakDetector();
detector.plant('key', KEY);

let server: Server;
let answer: RequestListener;
let home: string;
beforeAll(async () => {
  home = mkdtempSync(path.join(tmpdir(), 'kimi-fuzz-file-answers-'));
  process.env.KIMI_PROVIDER_HOME = home;
  server = createServer((request, response) => {
    request.resume();
    answer(request, response);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  delete process.env.KIMI_PROVIDER_HOME;
  rmSync(home, { recursive: true });
  server.closeAllConnections();
  server.close();
});

/** Asks, and reads a download to its end. */
async function ask(operation: Operation, file: unknown = FILE): Promise<unknown> {
  const { port } = server.address() as AddressInfo;
  const api = createKimi({ baseURL: `http://127.0.0.1:${port}/coding/v1`, apiKey: KEY }).files();
  const result = await api[operation]?.({ file: file as never, abortSignal: AbortSignal.timeout(LIMIT_MS) });
  return result !== undefined && 'content' in result
    ? { ...result, content: new Uint8Array(await new Response(result.content).arrayBuffer()) }
    : result;
}

/** @returns the value, `undefined` for an error that is typed and tells no key */
async function outcome(operation: Operation, about: string, file?: unknown): Promise<object | undefined> {
  try {
    return (await ask(operation, file)) as object;
  } catch (error) {
    const isTyped = KimiError.isInstance(error) || KimiAPIError.isInstance(error);
    expect(isTyped, `${operation}: ${String(error)} for ${about.slice(0, 2_000)}`).toBe(true);
    expect(detector.find(error)).toEqual([]);
    return undefined;
  }
}

function expectValue(operation: Operation, value: object): void {
  const isDate = (time: unknown) => time === undefined || (time instanceof Date && time.getTime() > 0);
  const { byteSize, createdAt, expiresAt, filename, deleted, mediaType, providerReference } = value as Record<
    string,
    unknown
  >;
  expect([createdAt, expiresAt].every(isDate)).toBe(true);
  expect(byteSize === undefined || (Number.isInteger(byteSize) && (byteSize as number) >= 0)).toBe(true);
  expect([filename, mediaType].every(text => text === undefined || (typeof text === 'string' && text !== ''))).toBe(
    true,
  );
  expect(typeof deleted).toBe(operation === 'deleteFile' ? 'boolean' : 'undefined');
  if (operation !== 'downloadFile') {
    expect(providerReference).toEqual({ kimi: expect.stringMatching(/^ms:\/\/[\w.:-]{1,200}$/) as string });
  }
}

const RECORD = {
  id: 'file-1',
  object: 'file',
  bytes: 12,
  created_at: 1_790_000_000,
  expires_at: 1_790_100_000,
  filename: 'a.mp4',
  purpose: 'video',
  status: 'ok',
  deleted: true,
  error: null,
};
const REFUSAL = { error: { message: `No file for ${KEY}`, type: 'resource_not_found_error', code: 404 }, message: KEY };

const body = fc.oneof(
  { weight: 4, arbitrary: mutated(RECORD) },
  { weight: 2, arbitrary: mutated(REFUSAL) },
  { weight: 2, arbitrary: hostileValue },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  { weight: 1, arbitrary: fc.constant('x'.repeat(300 * 1024)) },
  { weight: 1, arbitrary: fc.constant('<html><title>Sign in</title></html>') },
);
const status = fc.oneof(
  { weight: 3, arbitrary: fc.constant(200) },
  { weight: 1, arbitrary: fc.constantFrom(201, 202, 204, 206, 304, 400, 401, 403, 404, 409, 410, 413, 429, 500, 503) },
);
const type = fc.constantFrom(
  'application/json',
  'text/html',
  'video/mp4',
  '',
  ';',
  ' ; charset=utf-8',
  'x'.repeat(5_000),
);
/** How it comes: as it is, cut, or in an encoding that it is not in. */
const manner = fc.oneof(
  { weight: 3, arbitrary: fc.constant('whole' as const) },
  { weight: 2, arbitrary: fc.constantFrom('cut', 'reset', 'no-gzip', 'cut-gzip', 'no-encoding' as const) },
);

function answering(code: number, contentType: string, text: string, how: string): RequestListener {
  return (_, response) => {
    // Undici never ends a body that is no gzip and does not fit into its buffer: test/files/file-content.test.ts.
    const bytes = Buffer.from(how === 'no-gzip' ? text.slice(0, 4_000) : text);
    const zipped = how === 'cut-gzip' ? gzipSync(bytes) : bytes;
    const headers: Record<string, string> = {
      ...(contentType && { 'content-type': contentType }),
      ...(/gzip/.test(how) && { 'content-encoding': 'gzip' }),
      ...(how === 'no-encoding' && { 'content-encoding': 'x-nothing' }),
      ...(how === 'cut' && { 'content-length': String(bytes.length + 1) }),
    };
    response.writeHead(code, headers);
    const rest = how === 'cut-gzip' ? zipped.subarray(0, -Math.min(9, zipped.length - 1)) : zipped;
    if (how === 'cut' || how === 'reset') {
      response.write(rest, () => response.destroy());
      return;
    }
    response.end(rest);
  };
}

it('any answer', async () => {
  const property = fc.asyncProperty(
    fc.constantFrom(...OPERATIONS),
    status,
    type,
    manner,
    body,
    async (operation, code, contentType, how, text) => {
      answer = answering(code, contentType, text, how);
      const value = await outcome(operation, `${code} ${contentType} ${how} ${text}`);
      if (value !== undefined) {
        expectValue(operation, value);
      }
    },
  );
  await check(property, 250);
}, 120_000);

it('a download gives what was sent, or says that it is not whole', async () => {
  const property = fc.asyncProperty(fc.uint8Array({ maxLength: 5_000 }), manner, async (bytes, how) => {
    const text = Buffer.from(bytes).toString('latin1');
    answer = answering(200, 'video/mp4', text, how);
    const value = (await outcome('downloadFile', how)) as { content: Uint8Array } | undefined;
    const [sent, got] = [Buffer.from(text), value && Buffer.from(value.content)];
    if (/gzip/.test(how)) {
      // Undici takes the end of a compressed body for its end, as browsers do.
      expect(got === undefined || sent.subarray(0, got.length).equals(got)).toBe(true);
    } else {
      expect(got).toEqual(how === 'whole' || how === 'no-encoding' ? sent : undefined);
    }
  });
  await check(property, 80);
}, 60_000);

it('any reference names a file below /files, or is refused before anything is sent', async () => {
  const asked: string[] = [];
  answer = (request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(404).end();
  };
  const id = fc.oneof(
    { weight: 1, arbitrary: fc.string() },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
    { weight: 1, arbitrary: fc.jsonValue() },
    {
      weight: 2,
      arbitrary: fc.constantFrom('.', '..', 'ms://..', 'a/../../x', '%2e%2e', '?a', '#', 'ms://', '\ud800', '\0', 5),
    },
  );
  const property = fc.asyncProperty(fc.constantFrom(...OPERATIONS), id, async (operation, kimi) => {
    asked.length = 0;
    await outcome(operation, JSON.stringify(kimi), { kimi });
    const [where, ...more] = asked;
    expect(more).toEqual([]);
    if (where !== undefined) {
      expect(where).toMatch(
        operation === 'downloadFile' ? /^\/coding\/v1\/files\/[^/?]+\/content$/ : /^\/coding\/v1\/files\/[^/?]+$/,
      );
    }
  });
  await check(property, 150);
}, 60_000);
