import type { LanguageModelV4CallOptions } from '@ai-sdk/provider';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startKimiSimulator, type KimiSimulator } from '../../../src/simulator/index';
import { createKimi } from '../../../src/v4';
import { chats } from '../../support/chats';
import { arbitraryCall } from './arbitrary-call';

/** Notices that a call may earn: what the official client does not do, but Kimi takes. */
const HARMLESS = /^(response-format-schema)/;

let simulator: KimiSimulator;
beforeAll(async () => {
  simulator = await startKimiSimulator({ files: ['file-1', 'file-2', 'video-1', 'v', 'x'] });
});
afterAll(() => simulator.close());

function model(id: string, service: 'coding' | 'platform') {
  return service === 'coding'
    ? createKimi({ baseURL: simulator.apiBaseURL, apiKey: 'sk-kimi-simulator' })(id)
    : createKimi({ service, baseURL: simulator.platformBaseURL, apiKey: 'sk-simulator' })(id);
}

it.each([
  ['kimi-for-coding', 'coding'],
  ['k3', 'coding'],
  ['kimi-k3', 'platform'],
  ['kimi-k2.7-code', 'platform'],
  ['kimi-k2.6', 'platform'],
] as const)(
  'any call of %s (%s) is one that Kimi takes without a remark, and the same bytes each time',
  async (id, service) => {
    const kimi = model(id, service);
    const send = async (options: LanguageModelV4CallOptions): Promise<string> => {
      simulator.script({ text: 'ok' });
      await kimi.doGenerate(options);
      const request = chats(simulator).at(-1);
      expect(request?.notices.filter(notice => !HARMLESS.test(notice))).toEqual([]);
      return JSON.stringify(request?.json);
    };
    await fc.assert(
      fc.asyncProperty(arbitraryCall, async options => {
        const before = structuredClone(JSON.stringify(options));
        const first = await send(options);
        expect(await send(options)).toBe(first);
        expect(JSON.stringify(options)).toBe(before);
      }),
      { numRuns: 150 },
    );
  },
);
