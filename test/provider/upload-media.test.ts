import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { LanguageModelV4CallOptions, LanguageModelV4Message } from '@ai-sdk/provider';
import { generateText, streamText } from 'ai';
import { generateText as generateText5 } from 'ai-v5';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startKimiSimulator, type KimiSimulator, type SimulatorModel } from '../../src/simulator/index';
import { createKimi as createKimi5 } from '../../src/v2';
import { createKimi, type KimiProviderSettings } from '../../src/v4';
import { chats } from '../support/chats';
import { failure } from '../support/failure';

const MP4 = new Uint8Array([0, 0, 0, 24, ...Buffer.from('ftypmp42'), 1, 2, 3]);
/** A picture of so many bytes; of different ones with another `seed`. */
function png(bytes: number, seed = 0): Uint8Array {
  const picture = new Uint8Array(bytes).fill(seed);
  picture.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return picture;
}
const SMALL = png(1000);
const LARGE = png(1024 * 1024 + 1);

let simulator: KimiSimulator;
let home: string;
beforeEach(async () => {
  simulator = await startKimiSimulator();
  home = mkdtempSync(path.join(tmpdir(), 'kimi-media-'));
  process.env.KIMI_PROVIDER_HOME = home;
});
afterEach(async () => {
  await simulator.close();
  rmSync(home, { recursive: true });
  delete process.env.KIMI_PROVIDER_HOME;
});

const settings = (changes: KimiProviderSettings = {}): KimiProviderSettings => ({
  baseURL: simulator.apiBaseURL,
  apiKey: 'sk-kimi-simulator',
  uploadMedia: 'auto',
  ...changes,
});
const kimi = (changes: KimiProviderSettings = {}) => createKimi(settings(changes));
const file = (data: Uint8Array | string, mediaType: string) =>
  ({ type: 'file', mediaType, data: { type: 'data', data } }) as const;
const user = (...content: unknown[]): LanguageModelV4Message[] => [{ role: 'user', content } as LanguageModelV4Message];
const send = (
  prompt: LanguageModelV4CallOptions['prompt'],
  rest: Partial<LanguageModelV4CallOptions> = {},
  provider = kimi(),
) => provider('kimi-for-coding').doGenerate({ prompt, ...rest });
/** What stands in the last chat in place of each picture and video: its reference, or `inline`. */
function sentMedia(index = -1): string[] {
  const { messages } = chats(simulator).at(index)?.json as { messages: Array<{ content: unknown }> };
  return messages
    .flatMap(({ content }) => (Array.isArray(content) ? (content as Array<Record<string, { url: string }>>) : []))
    .flatMap(part => part.image_url?.url ?? part.video_url?.url ?? [])
    .map(url => (url.startsWith('data:') ? 'inline' : url));
}
const reference = (index: number): string => `ms://${simulator.files[index]?.id}`;

describe('a prompt', () => {
  it('has its videos and large images uploaded, each content once, the rest inline', async () => {
    const { warnings } = await send(
      user(
        file(MP4, 'video/mp4'),
        file(SMALL, 'image/png'),
        file(LARGE, 'image/png'),
        file(Buffer.from(LARGE).toString('base64'), 'image/*'),
        {
          type: 'file',
          mediaType: 'image',
          data: { type: 'url', url: new URL(`data:;base64,${Buffer.from(LARGE).toString('base64')}`) },
        },
      ),
    );
    expect(warnings).toEqual([]);
    expect(simulator.files.map(({ purpose, mediaType }) => `${purpose} ${mediaType}`).toSorted()).toEqual([
      'image image/png',
      'video video/mp4',
    ]);
    const ids = Object.fromEntries(simulator.files.map(({ purpose, id }) => [purpose, `ms://${id}`]));
    expect(sentMedia()).toEqual([ids.video, 'inline', ids.image, ids.image, ids.image]);
    await send(user(file(MP4, 'video/mp4')));
    expect(sentMedia()).toEqual([ids.video]);
    expect(simulator.counts.uploads).toBe(2);
  });

  it('also in results of tools', async () => {
    const output = { type: 'content', value: [file(LARGE, 'image/png'), { type: 'text', text: 'a page' }] } as const;
    await send([
      ...user({ type: 'text', text: 'look' }),
      { role: 'assistant', content: [{ type: 'tool-call', toolCallId: 'a', toolName: 'look', input: {} }] },
      { role: 'tool', content: [{ type: 'tool-result', toolCallId: 'a', toolName: 'look', output: output as never }] },
    ]);
    expect(sentMedia()).toEqual([reference(0)]);
  });

  it('of many, at most four are sent at once', async () => {
    let running = 0;
    let most = 0;
    const fetch: typeof globalThis.fetch = async (input, init) => {
      const isUpload = String(input).endsWith('/files');
      running += isUpload ? 1 : 0;
      most = Math.max(most, running);
      try {
        return await globalThis.fetch(input, init);
      } finally {
        running -= isUpload ? 1 : 0;
      }
    };
    const pictures = Array.from({ length: 9 }, (_, seed) => file(png(1024 * 1024 + 1, seed), 'image/png'));
    await send(user(...pictures), {}, kimi({ fetch }));
    expect(simulator.counts.uploads).toBe(9);
    expect(most).toBe(4);
  });

  it('stays as it is by default, and where a call says so', async () => {
    const prompt = user(file(LARGE, 'image/png'));
    await send(prompt, {}, kimi({ uploadMedia: undefined }));
    await send(prompt, { providerOptions: { kimi: { uploadMedia: 'never' } } });
    expect(simulator.counts.uploads).toBe(0);
    await send(prompt, { providerOptions: { kimi: { uploadMedia: 'auto' } } }, kimi({ uploadMedia: 'never' }));
    expect(sentMedia()).toEqual([reference(0)]);
    const providerOptions = { mine: { uploadMedia: 'auto' } };
    await send(user(file(MP4, 'video/mp4')), { providerOptions }, kimi({ uploadMedia: 'never', name: 'mine' }));
    expect(simulator.counts.uploads).toBe(2);
  });

  it('of what the model or Kimi does not take, nothing is uploaded, and the rules say why', async () => {
    const blind: SimulatorModel = {
      id: 'kimi-for-coding',
      context_length: 262_144,
      supports_image_in: false,
      supports_video_in: false,
    };
    simulator.models.coding = [blind];
    expect(await failure(() => send(user(file(LARGE, 'image/png'))))).toMatchObject({ functionality: 'image input' });
    expect(await failure(() => send(user(file('!!!', 'image/png'))))).toBeInstanceOf(Error);
    expect(await failure(() => send(user(file(LARGE, 'image/tiff'))))).toBeInstanceOf(Error);
    expect(simulator.counts.uploads).toBe(0);
  });

  it('with a value that is none is an error', async () => {
    const prompt = user(file(SMALL, 'image/png'));
    const asked = { providerOptions: { kimi: { uploadMedia: 'yes' } } };
    expect(await failure(() => send(prompt, asked))).toMatchObject({ argument: 'providerOptions.kimi.uploadMedia' });
    const wrong = kimi({ uploadMedia: true as never });
    expect(await failure(() => send(prompt, {}, wrong))).toMatchObject({ argument: 'uploadMedia' });
  });
});

describe('when it fails', () => {
  const prompt = user(file(MP4, 'video/mp4'));

  it.each(['generate', 'stream'] as const)('a file that Kimi has forgotten is uploaded again once (%s)', async how => {
    const model = kimi()('kimi-for-coding');
    const ask = async () =>
      how === 'generate'
        ? model.doGenerate({ prompt })
        : new Response((await model.doStream({ prompt })).stream.pipeThrough(asText())).text();
    await ask();
    const first = reference(0);
    simulator.forgetFiles();
    await ask();
    expect(simulator.counts.uploads).toBe(2);
    expect(sentMedia(-2)).toEqual([first]);
    expect(sentMedia()).toEqual([reference(0)]);
    expect(reference(0)).not.toBe(first);
  });

  it('and never a third time', async () => {
    const provider = kimi();
    await send(prompt, {}, provider);
    const body = { error: { message: 'Invalid request: file not found', type: 'invalid_request_error' } };
    simulator.fault({ match: { path: '/chat/completions' }, status: 400, body, times: 9 });
    const error = await failure(() => send(prompt, {}, provider));
    expect(error).toMatchObject({ code: 'KIMI_MEDIA_REFUSED', reason: 'file-gone' });
    expect(simulator.counts).toMatchObject({ uploads: 2, chats: 3 });
  });

  it('a file that was just uploaded is not uploaded again', async () => {
    const body = { error: { message: 'Invalid request: file not found', type: 'invalid_request_error' } };
    simulator.fault({ match: { path: '/chat/completions' }, status: 400, body, times: 9 });
    expect(await failure(() => send(prompt))).toMatchObject({ reason: 'file-gone' });
    expect(simulator.counts).toMatchObject({ uploads: 1, chats: 1 });
  });

  it('a server without uploads gets all inline, with one warning', async () => {
    simulator.fault({ match: { path: '/files' }, status: 404, times: 9 });
    const { warnings } = await send(user(file(MP4, 'video/mp4'), file(LARGE, 'image/png')));
    expect(sentMedia()).toEqual(['inline', 'inline']);
    expect(warnings).toEqual([{ type: 'other', message: expect.stringContaining('no place for uploads') }]);
  });

  it('any other refusal is the call’s', async () => {
    simulator.fault({ match: { path: '/files' }, status: 403 });
    expect(await failure(() => send(prompt))).toMatchObject({ statusCode: 403 });
    expect(simulator.counts.chats).toBe(0);
  });

  it('the rest is not uploaded, and what is on its way ends', async () => {
    simulator.fault({ match: { path: '/files' }, connection: { at: 'request', how: 'silence' }, times: 3 });
    simulator.fault({ match: { path: '/files' }, status: 403 });
    const pictures = Array.from({ length: 9 }, (_, seed) => file(png(1024 * 1024 + 1, seed), 'image/png'));
    expect(await failure(() => send(user(...pictures)))).toMatchObject({ statusCode: 403 });
    const posts = () => simulator.requests.filter(({ path }) => path.endsWith('/files'));
    await expect.poll(() => posts().filter(({ clientGone }) => clientGone)).toHaveLength(3);
    expect(posts()).toHaveLength(4);
    expect(simulator.counts.chats).toBe(0);
  });

  it('an abort ends it', async () => {
    simulator.fault({ match: { path: '/files' }, connection: { at: 'request', how: 'silence' } });
    const abort = new AbortController();
    const call = failure(() => send(prompt, { abortSignal: abort.signal }));
    await expect.poll(() => simulator.counts.uploads).toBe(1);
    abort.abort(new Error('enough'));
    expect(await call).toMatchObject({ message: 'enough' });
  });
});

it('works through the AI SDK: 5 by the old parts, 7 by the new ones, in streams', async () => {
  await generateText5({
    model: createKimi5(settings())('kimi-for-coding'),
    messages: [
      {
        role: 'user',
        content: [
          { type: 'image', image: LARGE },
          { type: 'file', data: MP4, mediaType: 'video/mp4' },
        ],
      },
    ],
  });
  expect(sentMedia()).toHaveLength(2);
  expect(sentMedia()).not.toContain('inline');
  const messages = [{ role: 'user' as const, content: [file(LARGE, 'image/png'), file(MP4, 'video/mp4')] }];
  await generateText({ model: kimi()('kimi-for-coding'), messages });
  await streamText({ model: kimi()('kimi-for-coding'), messages }).consumeStream();
  expect(sentMedia()).not.toContain('inline');
  expect(simulator.counts.uploads).toBe(2);
});

/** Parts to text, so that a stream is read to its end. */
function asText(): TransformStream<{ type: string }, Uint8Array> {
  return new TransformStream({
    transform: (part, controller) => controller.enqueue(new TextEncoder().encode(part.type)),
  });
}
