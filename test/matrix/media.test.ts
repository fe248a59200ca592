/** Pictures and videos in the words of our documents, on every major: they arrive, and no major calls them deprecated. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { chats } from '../support/chats';
import { COMBINATIONS } from '../support/majors';

const PNG = new Uint8Array(readFileSync(new URL('../../examples/scripts/kimi.png', import.meta.url)));
const MP4 = new Uint8Array([0, 0, 0, 24, ...Buffer.from('ftypmp42'), 1, 2, 3]);
const INLINE = `data:image/png;base64,${Buffer.from(PNG).toString('base64')}`;

type Warning = { type: string; feature?: string; setting?: string; details?: string; message?: string };
/** ai@5 tells the list alone. */
type Told = Warning[] | { warnings: Warning[] };
const globals = globalThis as { AI_SDK_LOG_WARNINGS?: (told: Told) => void };

let simulator: KimiSimulator;
let home: string;
let told: Warning[];
beforeEach(async () => {
  simulator = await startKimiSimulator();
  home = mkdtempSync(path.join(tmpdir(), 'kimi-media-'));
  process.env.KIMI_PROVIDER_HOME = home;
  told = [];
  globals.AI_SDK_LOG_WARNINGS = given => void told.push(...(Array.isArray(given) ? given : given.warnings));
});
afterEach(async () => {
  delete globals.AI_SDK_LOG_WARNINGS;
  delete process.env.KIMI_PROVIDER_HOME;
  rmSync(home, { recursive: true });
  await simulator.close();
});

describe.each(COMBINATIONS)('$name', ({ ai, major, native, createKimi }) => {
  const kimi = () => createKimi({ baseURL: simulator.apiBaseURL, apiKey: 'sk-kimi-simulator' });
  const sent = () => {
    const { messages } = chats(simulator).at(-1)?.json as { messages: Array<{ content: Array<Media> }> };
    return messages[0]?.content.map(part => part.image_url?.url ?? part.video_url?.url);
  };
  /** Asks both ways, and gives what was told beside that a specification is an older one. */
  const ask = async (provider: ReturnType<typeof kimi>, part: object, settings: object = {}): Promise<Warning[]> => {
    const given = { ...settings, model: provider('kimi-for-coding'), messages: [{ role: 'user', content: [part] }] };
    const { warnings = [] } = await ai.generateText(given);
    const streamed = ai.streamText(given);
    await streamed.text;
    const all = [...told, ...((warnings ?? []) as Warning[]), ...(((await streamed.warnings) ?? []) as Warning[])];
    return all.filter(({ type, feature }) => native || type !== 'compatibility' || feature !== 'specificationVersion');
  };

  it('tells what is to be told', async () => {
    await ask(kimi(), { type: 'text', text: 'hi' }, { temperature: 0.1 });
    expect(told.filter(warning => JSON.stringify(warning).includes('temperature'))).toHaveLength(2);
  });

  it.each<[string, () => object]>([
    ['bytes', () => ({ data: PNG, mediaType: 'image/png' })],
    ['base64', () => ({ data: Buffer.from(PNG).toString('base64'), mediaType: 'image/png' })],
    ['a data URL', () => ({ data: new URL(INLINE), mediaType: 'image/png' })],
    ...(major === 7
      ? [['tagged data', () => ({ data: { type: 'data', data: PNG }, mediaType: 'image' })] as [string, () => object]]
      : []),
  ])('a picture as %s', async (_, file) => {
    expect(await ask(kimi(), { type: 'file', ...file() })).toEqual([]);
    expect(sent()).toEqual([INLINE]);
  });

  it('an uploaded picture and an uploaded video, by their references', async () => {
    const provider = kimi() as ReturnType<typeof kimi> & { files: { upload(options: object): Promise<Uploaded> } };
    for (const data of [PNG, MP4]) {
      const { reference, mediaType } = await provider.files.upload({ data });
      expect(await ask(provider, { type: 'file', mediaType, data: new URL(reference) })).toEqual([]);
      expect(sent()).toEqual([reference]);
      if (major === 7) {
        const tagged = { type: 'reference', reference: { kimi: reference } };
        expect(await ask(provider, { type: 'file', mediaType, data: tagged })).toEqual([]);
        expect(sent()).toEqual([reference]);
      }
    }
  });

  it('the old part for pictures, which is deprecated from 7 on', async () => {
    const warnings = await ask(kimi(), { type: 'image', image: PNG });
    expect(sent()).toEqual([INLINE]);
    const kinds = [...new Set(warnings.map(({ type }) => type))];
    expect(kinds).toEqual(major === 7 ? ['deprecated'] : []);
  });
});

type Uploaded = { reference: string; mediaType: string };
type Media = { image_url?: { url: string }; video_url?: { url: string } };
