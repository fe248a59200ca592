/** One process of an app: several logins of several hosts, calls at once, and a word on each of them. */
import { inspect } from 'node:util';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import {
  KimiAPIError,
  KimiError,
  KimiTokenRefreshError,
  type CredentialStore,
  type KimiCredentials,
} from 'ai-sdk-provider-kimi';
import { createKimi, type KimiProvider } from 'ai-sdk-provider-kimi/v3';
import { openStore } from './open-store.ts';
import { randomOf, type Random } from './random.ts';
import {
  tokenName,
  type Login,
  type Outcome,
  type WorkerCommand,
  type WorkerReport,
  type WorkerSettings,
} from './protocol.ts';

type Lane = { random: Random; number: number };
type Call = { login: Login; kimi: KimiProvider; prompt: string; abortSignal: AbortSignal };

/** What a test may break. */
export type WorkerParts = {
  store?: (kimi: KimiProvider) => Promise<CredentialStore>;
  call?: (outcome: Promise<Outcome>, call: Call) => Promise<Outcome>;
};

// The machine's own time, for reports: the worker's may be stepped.
const realNow = Date.now.bind(Date);
let offsetMs = 0;
const draining = new AbortController();

/** The wall clock of this process, as everything in it sees it: a machine whose clock was stepped. */
function shimWallClock(): void {
  const RealDate = Date;
  const ShiftedDate = class extends RealDate {
    constructor(...parameters: []) {
      super(...((parameters.length === 0 ? [RealDate.now() + offsetMs] : parameters) as []));
    }
    static override now(): number {
      return RealDate.now() + offsetMs;
    }
  };
  globalThis.Date = ShiftedDate as DateConstructor;
}

function report(message: WorkerReport): void {
  process.send?.({ at: realNow(), ...message });
}

/** Runs until the harness is gone. */
export async function runWorker(parts: WorkerParts = {}): Promise<void> {
  const settings = JSON.parse(process.argv[2] ?? '') as WorkerSettings;
  shimWallClock();
  process.once('disconnect', () => process.exit(0));
  process.on('message', (command: WorkerCommand) => {
    if ('clock' in command) {
      offsetMs = command.clock;
    } else {
      draining.abort();
    }
  });
  const providers = new Map<string, KimiProvider>();
  for (const login of settings.logins) {
    providers.set(login.id, await openProvider(login, settings, parts));
  }
  report({ type: 'ready' });
  watchProcess();
  const lanes = Array.from({ length: settings.lanes }, (_, number) => ({
    number,
    random: randomOf(settings.seed, `${settings.name}/${number}`),
  }));
  await Promise.all(lanes.map(lane => runLane(lane, settings, providers, parts)));
  report({ type: 'drained' });
}

async function openProvider(login: Login, settings: WorkerSettings, { store }: WorkerParts): Promise<KimiProvider> {
  const host = settings.hosts[login.host]!;
  const open = (credentialStore: CredentialStore | undefined) =>
    createKimi({
      account: login.account,
      baseURL: `${host}/coding/v1`,
      oauthHost: host,
      now: () => Date.now(),
      fetch: (input, init) => {
        const headers = { ...(init?.headers as Record<string, string>), 'x-chaos-worker': settings.name };
        return fetch(input, { ...init, headers });
      },
      ...(credentialStore === undefined ? {} : { credentialStore }),
    });
  const own = open(await openStore(login, settings.redis));
  const kimi = store === undefined ? own : open(await store(own));
  kimi.auth.onCredentials((credentials: KimiCredentials) => {
    if (credentials.type === 'oauth') {
      report({ type: 'saved', login: login.id, token: tokenName(credentials.refreshToken) });
    }
  });
  return kimi;
}

/** Memory, and the longest time in which the process did nothing else. Costs one timer. */
function watchProcess(): void {
  const loop = monitorEventLoopDelay({ resolution: 20 });
  loop.enable();
  setInterval(() => {
    report({ type: 'memory', rss: process.resourceUsage().maxRSS * 1024, blockedMs: loop.max / 1e6 });
    loop.reset();
  }, 1000).unref();
}

async function runLane(
  { random, number }: Lane,
  settings: WorkerSettings,
  providers: ReadonlyMap<string, KimiProvider>,
  parts: WorkerParts,
): Promise<void> {
  for (let count = 0; !draining.signal.aborted; count++) {
    const login = random.pick(settings.logins);
    const kind = random.weighted({ generate: 5, stream: 5, token: 1, status: 0.5 });
    const pause = random.next() * settings.pauseMs;
    const id = `${settings.name}-${number}-${count}`;
    const call: Call = {
      login,
      kimi: providers.get(login.id)!,
      prompt: `login=${login.id} call=${id}`,
      abortSignal: AbortSignal.timeout(settings.patienceMs),
    };
    report({ type: 'call', id, login: login.id, kind });
    let shown = '';
    const made = KINDS[kind](call);
    const outcome = await (parts.call?.(made, call) ?? made).catch((error: unknown): Outcome => {
      shown = appearance(error);
      return outcomeOf(error, call.abortSignal);
    });
    report({ type: 'outcome', id, login: login.id, outcome, shown });
    await delay(pause);
  }
}

const KINDS: Readonly<Record<'generate' | 'stream' | 'token' | 'status', (call: Call) => Promise<Outcome>>> = {
  async generate(call) {
    const { content } = await call.kimi('k3').doGenerate(optionsOf(call));
    return judge(content.map(part => (part.type === 'text' ? part.text : '')).join(''), call);
  },
  async stream(call) {
    const { stream } = await call.kimi('kimi-for-coding').doStream(optionsOf(call));
    let text = '';
    for await (const part of stream as unknown as AsyncIterable<{ type: string; delta: string; error: unknown }>) {
      if (part.type === 'error') {
        throw part.error;
      }
      text += part.type === 'text-delta' ? part.delta : '';
    }
    return judge(text, call);
  },
  async token({ kimi, abortSignal }) {
    await kimi.auth.getAccessToken({ abortSignal });
    return { answer: 'right' };
  },
  async status({ kimi }) {
    await kimi.auth.status();
    return { answer: 'right' };
  },
};

function optionsOf({ prompt, abortSignal }: Call) {
  return { prompt: [{ role: 'user' as const, content: [{ type: 'text' as const, text: prompt }] }], abortSignal };
}

/** The strict server repeats the prompt, which names the login and the call. */
function judge(text: string, { prompt, login }: Call): Outcome {
  if (text === `You said: ${prompt}`) {
    return { answer: 'right' };
  }
  const named = /login=([\w-]+)/.exec(text)?.[1];
  return { answer: named !== undefined && named !== login.id ? 'wrong account' : 'torn' };
}

function outcomeOf(error: unknown, abortSignal: AbortSignal): Outcome {
  const { name, message, code, reason } = (error ?? {}) as Error & { code?: string; reason?: string };
  if (abortSignal.aborted && (error === abortSignal.reason || name === 'AbortError' || name === 'TimeoutError')) {
    return { aborted: String(name) };
  }
  const typed =
    KimiAPIError.isInstance(error) || KimiError.isInstance(error) || KimiTokenRefreshError.isInstance(error);
  return {
    error: typed ? String(code) : `untyped: ${name ?? String(error)}`,
    typed,
    name: String(name),
    message: String(message).slice(0, 2_000),
    ...(reason === undefined ? {} : { reason }),
  };
}

/** As a log shows an error, as JSON, and its own words. */
function appearance(error: unknown): string {
  let json = '';
  try {
    json = JSON.stringify(error) ?? '';
  } catch {
    // What is no JSON does not leak by it.
  }
  return [inspect(error, { depth: 8, maxStringLength: 100_000 }), json, (error as Error)?.stack].join('\n');
}
