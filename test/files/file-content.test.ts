/** What a download of a file ends in where its server or its reader stops. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requestFileContent } from '../../src/files/file-content';
import type { FilesAccess } from '../../src/files/files-api';
import { startKimiSimulator, type Fault, type KimiSimulator } from '../../src/simulator/index';
import { SilenceLimit } from '../../src/transport/silence-limit';
import { createKimi } from '../../src/v4';
import { failure } from '../support/failure';

const BYTES = new Uint8Array([0, 0, 0, 24, ...Buffer.from('ftypmp42'), ...new Uint8Array(200_000).fill(7)]);

let simulator: KimiSimulator;
let id: string;
beforeEach(async () => {
  simulator = await startKimiSimulator();
  id = (await kimi().files.upload({ data: BYTES, cache: false })).id;
});
afterEach(() => simulator.close());

const kimi = () => createKimi({ baseURL: simulator.apiBaseURL, apiKey: 'sk-kimi-simulator' });
const access = (): FilesAccess => ({
  fetch: kimi().auth.fetch,
  apiBaseURL: simulator.apiBaseURL,
  headers: {},
  credentialSource: () => undefined,
  secrets: () => [],
  streamingInit: {},
});
/** Of a server that may be silent for so long. */
const content = async ({ abortSignal, ms = 60_000 }: { abortSignal?: AbortSignal; ms?: number } = {}) =>
  (await requestFileContent(access(), id, abortSignal, new SilenceLimit({ firstByteMs: ms, idleMs: ms }))).content;
const faulty = (fault: Fault) => simulator.fault({ match: { path: '/content' }, ...fault });
const bytesOf = async (stream: ReadableStream<Uint8Array>) => new Uint8Array(await new Response(stream).arrayBuffer());
const clientGone = () => expect.poll(() => simulator.requests.at(-1)?.clientGone).toBe(true);

it('gives what Kimi has', async () => {
  expect(await bytesOf(await content())).toEqual(BYTES);
});

describe('a server that is silent', () => {
  it('before it answers', async () => {
    faulty({ connection: { at: 'request', how: 'silence' } });
    expect(await failure(() => content({ ms: 100 }))).toMatchObject({
      code: 'KIMI_CONNECTION_FAILED',
      message: expect.stringContaining('no answer began within 0.1 s'),
    });
    await clientGone();
  });

  it.each(['headers', 'event'] as const)('at stage %s of the content', async at => {
    faulty({ connection: { at, how: 'silence' } });
    const stream = await content({ ms: 100 });
    expect(await failure(() => bytesOf(stream))).toMatchObject({
      code: 'KIMI_ANSWER_CUT',
      reason: 'connection',
      isRetryable: true,
      message: expect.stringMatching(/^The connection to 127\.0\.0\.1:\d+ broke in the middle of the file \(/),
    });
    await clientGone();
  });

  it('is what a body looks like that undici cannot decode', async () => {
    faulty({ status: 200, headers: { 'content-encoding': 'gzip' }, body: 'no gzip'.repeat(100_000) });
    const stream = await content({ ms: 100 });
    expect(await failure(() => bytesOf(stream))).toMatchObject({ code: 'KIMI_ANSWER_CUT' });
  });

  it('is not the reader who takes his time', async () => {
    let isWaiting = false;
    class Watched extends SilenceLimit {
      override wait(): void {
        isWaiting = true;
        super.wait();
      }
      override pause(): void {
        isWaiting = false;
        super.pause();
      }
    }
    faulty({ flood: { text: 'x' } });
    const silence = new Watched({ firstByteMs: 60_000, idleMs: 60_000 });
    const { content: stream } = await requestFileContent(access(), id, undefined, silence);
    expect(isWaiting).toBe(false);
    const reader = stream.getReader();
    const first = reader.read();
    expect(isWaiting).toBe(true);
    await first;
    expect(isWaiting).toBe(false);
    await reader.cancel();
  });
});

describe('whoever reads', () => {
  it.each(['reset', 'close'] as const)('is told of a %s in the middle', async how => {
    faulty({ connection: { at: 'event', how } });
    const stream = await content();
    expect(await failure(() => bytesOf(stream))).toMatchObject({ code: 'KIMI_ANSWER_CUT', isRetryable: true });
  });

  it('may cancel, and the server is left', async () => {
    faulty({ flood: { text: 'x' } });
    const reader = (await content()).getReader();
    await reader.read();
    await reader.cancel();
    await clientGone();
  });

  it('gets the reason of an abort in the middle', async () => {
    faulty({ flood: { text: 'x' } });
    const abort = new AbortController();
    const reader = (await content({ abortSignal: abort.signal })).getReader();
    await reader.read();
    abort.abort(new Error('enough'));
    expect(await failure(() => bytesLeft(reader))).toMatchObject({ message: 'enough' });
    await clientGone();
  });
});

async function bytesLeft(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  while (!(await reader.read()).done) {
    // Until it fails.
  }
}
