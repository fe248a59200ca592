/**
 * One sample of the heap that many streams at once need: reads them once to warm up, collects, reads them again and
 * looks at the used heap at each turn of the event loop and at every eighth part. Prints JSON, in bytes.
 */
import { getHeapStatistics } from 'node:v8';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { ARRIVALS, KEY, MODEL, readAtOnce } from './readers.mjs';

const { who, arrival, streams, chunks, origin, v4 } = JSON.parse(process.argv[2]);
const { path, fetch } = ARRIVALS[arrival];
const settings = { baseURL: `${origin}/${path}/${chunks}/v1`, apiKey: KEY, fetch };
const { apiKey, ...rest } = settings;
const makers = {
  bare: () => createOpenAICompatible({ name: 'kimi', includeUsage: true, ...settings }).chatModel(MODEL),
  // Loaded by who is measured alone: what is loaded is in the heap.
  anthropic: async () => (await import('@ai-sdk/anthropic')).createAnthropic({ ...rest, authToken: apiKey })(MODEL),
  ours: async () => (await import(v4)).createKimi(settings)(MODEL),
  messages: async () => (await import(v4)).createKimi({ ...settings, protocol: 'messages' })(MODEL),
};
const model = await makers[who]();
const usedHeap = () => getHeapStatistics().used_heap_size;

await readAtOnce(model, streams);
globalThis.gc();
const before = usedHeap();
let peak = before;
let parts = 0;
let isReading = true;
const look = () => {
  peak = Math.max(peak, usedHeap());
};
const lookEachTurn = () => {
  look();
  if (isReading) {
    setImmediate(lookEachTurn);
  }
};
lookEachTurn();
const characters = await readAtOnce(model, streams, () => {
  if (++parts % 8 === 0) {
    look();
  }
});
isReading = false;
console.log(JSON.stringify({ characters, before, peak, maxRss: process.resourceUsage().maxRSS * 1024 }));
