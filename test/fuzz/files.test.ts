/** Any answer of `/files` becomes a reference or a typed error, and any cache file is as good as none. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { requestUpload, type FilesAccess } from '../../src/files/files-api';
import type { UploadContent } from '../../src/files/upload-content';
import { openBytes, streamingInit } from '../../src/platform/node';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { createKimi, KimiAPIError } from '../../src/v4';
import { fuzz } from './fuzz';

const MP4 = new Uint8Array([0, 0, 0, 24, ...Buffer.from('ftypmp42')]);

let simulator: KimiSimulator;
let home: string;
beforeAll(async () => {
  simulator = await startKimiSimulator();
  home = mkdtempSync(path.join(tmpdir(), 'kimi-fuzz-files-'));
  process.env.KIMI_PROVIDER_HOME = home;
});
afterAll(async () => {
  await simulator.close();
  rmSync(home, { recursive: true });
  delete process.env.KIMI_PROVIDER_HOME;
});

/** Without the pauses between attempts: an answer that is torn is asked for again. */
const access = (): FilesAccess => ({
  fetch: createKimi({ baseURL: simulator.apiBaseURL, apiKey: 'sk-kimi-simulator' }).auth.fetch,
  apiBaseURL: simulator.apiBaseURL,
  headers: {},
  credentialSource: () => undefined,
  secrets: () => [],
  streamingInit,
});
async function content(): Promise<UploadContent> {
  const bytes = await openBytes(new Blob([MP4]), {});
  return { ...bytes, filename: 'a.mp4', mediaType: 'video/mp4', purpose: 'video' };
}

const upload = (cache: boolean) =>
  createKimi({ baseURL: simulator.apiBaseURL, apiKey: 'sk-kimi-simulator' }).files.upload({ data: MP4, cache });

const field = fc.oneof(fc.jsonValue(), fc.string(), fc.integer(), fc.double(), fc.constant('file-1'));
const answer = fc.oneof(
  fc.record(
    { id: field, bytes: field, created_at: field, expires_at: field, filename: field, purpose: field, error: field },
    { requiredKeys: [] },
  ),
  fc.jsonValue(),
  fc.string(),
);

it('any answer', async () => {
  await fc.assert(
    fc.asyncProperty(answer, async body => {
      simulator.reset();
      simulator.fault({ match: { path: '/files' }, status: 200, body });
      try {
        const { id, createdAt, expiresAt } = await requestUpload(access(), await content(), {});
        expect(id).toMatch(/^[\w.:-]+$/);
        expect([createdAt?.getTime() ?? 1, expiresAt?.getTime() ?? 1].every(time => time > 0)).toBe(true);
      } catch (error) {
        expect(KimiAPIError.isInstance(error), String(error)).toBe(true);
      }
    }),
    fuzz(60),
  );
  simulator.reset();
}, 60_000);

it('any cache', async () => {
  await upload(true);
  const folder = path.join(home, 'cache');
  mkdirSync(folder, { recursive: true });
  const name = readdirSync(folder).find(file => file.startsWith('files-')) ?? '';
  const cache = fc.oneof(fc.jsonValue(), fc.record({ version: fc.constant(1), files: fc.jsonValue() }));
  await fc.assert(
    fc.asyncProperty(cache, async value => {
      writeFileSync(path.join(folder, name), JSON.stringify(value));
      expect((await upload(true)).isCached).toBe(false);
    }),
    fuzz(40),
  );
}, 60_000);
