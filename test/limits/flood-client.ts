/**
 * Meets one endless body after another, and says what each cost this process: the peak of its memory above what it had
 * before, and the longest time that its event loop stood still. A program of its own, so that nothing else counts.
 */
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { memoryCredentialStore } from '../../src/credential-stores';
import { requestModelList } from '../../src/models/model-list';
import { createKimi } from '../../src/v4';

/** What is asked, one line of JSON each. */
export type FloodTask = {
  endpoint: 'stream' | 'whole' | 'models' | 'device' | 'poll' | 'refresh';
  /** Origin of the simulator. */
  url: string;
  /**
   * For `memory` the young generation is collected again and again, so that what is measured is in use; for `time` the
   * runtime is left alone.
   */
  measure: 'memory' | 'time';
  /** `limits.eventBytes`. */
  eventBytes?: number | undefined;
  /** The call is aborted when so many bytes of its answer have come. */
  abortAfter?: number | undefined;
};

export type FloodCost = {
  name: string;
  message: string;
  code: unknown;
  reason: unknown;
  megabytes: number;
  blockedMs: number;
};

const RESOLUTION_MS = 2;

const prompt = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'hi' }] }];

const tools = [{ type: 'function' as const, name: 'f', inputSchema: { type: 'object' as const, properties: {} } }];

/** `fetch` that aborts when so many bytes have come. */
function fetchUntil(bytes: number, abort: AbortController): typeof fetch {
  let left = bytes;
  return async (input, init) => {
    const response = await fetch(input, init);
    const counted = new TransformStream<Uint8Array, Uint8Array>({
      transform(piece, controller) {
        left -= piece.length;
        controller.enqueue(piece);
        if (left < 0) {
          abort.abort();
        }
      },
    });
    return new Response(response.body?.pipeThrough(counted) ?? null, response);
  };
}

async function ask({ endpoint, url, eventBytes, abortAfter }: FloodTask): Promise<void> {
  const abort = new AbortController();
  const settings = {
    baseURL: `${url}/coding/v1`,
    oauthHost: url,
    ...(eventBytes === undefined ? {} : { limits: { eventBytes } }),
    ...(abortAfter === undefined ? {} : { fetch: fetchUntil(abortAfter, abort) }),
  };
  const kimi = createKimi({ ...settings, apiKey: 'sk-kimi-simulator' });
  switch (endpoint) {
    case 'whole':
      await kimi('k3').doGenerate({ prompt });
      return;
    case 'stream': {
      const { stream } = await kimi('k3').doStream({ prompt, tools, abortSignal: abort.signal });
      for await (const part of stream as unknown as AsyncIterable<{ type: string; error?: unknown }>) {
        if (part.type === 'error') {
          throw part.error;
        }
      }
      return;
    }
    case 'models':
      await requestModelList({ fetch: kimi.auth.fetch, apiBaseURL: settings.baseURL, service: 'coding' });
      return;
    case 'device':
      await createKimi(settings).auth.startDeviceLogin();
      return;
    case 'poll':
      await createKimi(settings).auth.pollDeviceLogin({
        version: 1,
        oauthHost: url,
        deviceCode: 'device',
        userCode: 'USER',
        verificationUri: url,
        verificationUriComplete: url,
        expiresAt: Date.now() / 1000 + 900,
        interval: 1,
      });
      return;
    case 'refresh': {
      const credentialStore = memoryCredentialStore({
        type: 'oauth',
        accessToken: 'access',
        refreshToken: 'refresh',
        expiresAt: 1,
        expiresIn: 900,
        scope: '',
        tokenType: 'Bearer',
        issuedFor: { oauthHost: url, apiOrigin: url, account: 'default' },
      });
      await createKimi({ ...settings, credentialStore }).auth.getAccessToken();
    }
  }
}

/** What the system gave to the process, which it seldom takes back, and what is in use or not collected yet. */
function memory(): number[] {
  const { rss, heapUsed, external } = process.memoryUsage();
  return [rss, heapUsed + external];
}

/**
 * What the main thread has worked so far: between two turns of its loop, the time that it stood still without that in
 * which the system ran somebody else. Infinite where it cannot be read.
 */
function mainThreadMs(): number {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

async function costOf(task: FloodTask): Promise<FloodCost> {
  globalThis.gc?.();
  const before = memory();
  let growth = 0;
  let work = 0;
  let used = mainThreadMs();
  const look = (): void => {
    if (task.measure === 'memory') {
      globalThis.gc?.({ type: 'minor', execution: 'sync' });
    }
    const now = mainThreadMs();
    work = Math.max(work, now - used);
    used = now;
    growth = Math.max(growth, ...memory().map((bytes, index) => bytes - (before[index] ?? 0)));
  };
  const sample = setInterval(look, RESOLUTION_MS);
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const failure = await ask(task).then(
    () => ({ name: 'none', message: 'no error' }),
    (error: unknown) => error as Error,
  );
  look();
  delay.disable();
  clearInterval(sample);
  const { code, reason } = failure as { code?: unknown; reason?: unknown };
  const { name, message } = failure;
  return { name, message, code, reason, megabytes: growth / 1e6, blockedMs: Math.min(delay.max / 1e6, work) };
}

createInterface({ input: process.stdin }).on('line', line => {
  void costOf(JSON.parse(line) as FloodTask).then(cost => process.stdout.write(`${JSON.stringify(cost)}\n`));
});
