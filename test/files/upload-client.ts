/**
 * Uploads what it is told, and says how far the memory of this process rose above what it had before: a program of its
 * own, so that nothing else counts.
 */
import { createReadStream } from 'node:fs';
import { createKimi } from '../../src/v4';

const [baseURL = '', small = '', large = ''] = process.argv.slice(2);
const kimi = createKimi({ baseURL, apiKey: 'sk-kimi-simulator' });

// Everything is loaded and compiled before anything is measured.
await kimi.files.upload({ path: small });
await kimi.files.upload({ stream: createReadStream(small), mediaType: 'video/mp4', cache: false });

async function peakOf(upload: () => Promise<{ hash: string; byteSize: number }>): Promise<object> {
  global.gc?.();
  const before = process.memoryUsage().rss;
  let peak = before;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
  }, 2);
  const { hash, byteSize } = await upload();
  clearInterval(timer);
  return { hash, byteSize, megabytes: (Math.max(peak, process.memoryUsage().rss) - before) / 1024 / 1024 };
}

const path = await peakOf(() => kimi.files.upload({ path: large }));
const stream = await peakOf(() =>
  kimi.files.upload({ stream: createReadStream(large), mediaType: 'video/mp4', cache: false }),
);
process.stdout.write(JSON.stringify({ path, stream }));
