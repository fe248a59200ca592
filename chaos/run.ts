/** One run: the plan is played on its stage, calm returns, and the event log goes to the verdict. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Cast } from './cast.ts';
import { LeakScanner } from './leaks.ts';
import { planWorld, type PlannedEvent } from './plan.ts';
import { playWorld } from './play.ts';
import { SignIn } from './sign-in.ts';
import { buildStage, HOSTS, type Stage } from './stage.ts';
import {
  tokenName,
  type Event,
  type Login,
  type ServerCommand,
  type ServerReport,
  type ServerSettings,
  type WorkerSettings,
} from './protocol.ts';

export type ChaosOptions = {
  seed: number;
  minutes: number;
  /** Ends the plan early, before the world is calm again: what was to be seen was seen. */
  until?: (events: readonly Event[]) => boolean;
  /** Where the event log goes. */
  log: string;
  workers?: number;
  /** Which kinds of places, of those that are here. */
  stores?: readonly Login['store'][];
  faults?: ServerSettings['faults'];
  /** Default: from the seed. */
  plan?: readonly PlannedEvent[];
  tokenSeconds?: readonly number[];
  patienceMs?: number;
  pauseMs?: number;
  /** How long a login may take to answer once the world is calm, in ms. */
  recoveryMs?: number;
  /** For tests: a worker that is broken. */
  workerScript?: string;
  say?: (line: string) => void;
};

/** What was run, for whoever reads the verdict. */
export type ChaosRun = { events: Event[]; logins: readonly Login[]; stage: string[]; logFile: string };

/** By host. The longer one is due while it is good for longer than a caller waits: nothing may stall then. */
const TOKEN_SECONDS = [6, 40];
/** Longer than a lock that nobody holds is respected, than a pause after refused tokens, and than a `Retry-After`. */
const RECOVERY_MS = 100_000;

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const child = (name: string, settings: ServerSettings | WorkerSettings, env: Record<string, string>) =>
  fork(script(name), [JSON.stringify(settings)], { env, execArgv: ['--disable-warning=ExperimentalWarning'] });

/** Plays the run. Throws for a stage that cannot be built; what goes wrong on it is in the events. */
export async function runChaos(options: ChaosOptions): Promise<ChaosRun> {
  const { seed, say = () => undefined, workers = 4 } = options;
  const stage = await buildStage(options.stores);
  const log = openLog(options.log, seed);
  stage.description.forEach(say);
  let troupe: Troupe | undefined;
  try {
    troupe = await startTroupe(options, stage, log);
    const { cast, signIn, tell } = troupe;
    const { logins } = stage;
    await Promise.all(logins.map(({ id }) => signIn.now(id)));
    for (let number = 0; number < workers; number++) {
      cast.start(number);
    }
    const seconds = options.minutes * 60;
    const plan = options.plan ?? planWorld(seed, { seconds, workers, hosts: HOSTS, logins: logins.length });
    say(`plan: ${plan.length} events in ${Math.round(seconds)} s, ${workers} workers, ${logins.length} logins`);
    await playWorld(plan, {
      ...stage,
      ...log,
      seconds,
      cast,
      tell,
      isOver: () => options.until?.(log.events) === true,
    });
    tell({ do: 'calm' });
    await cast.drain();
    say('calm: a new process asks for each login');
    await recover(cast, workers, logins, log, options.recoveryMs ?? RECOVERY_MS);
    return { events: log.events, logins, stage: stage.description, logFile: log.file };
  } finally {
    await troupe?.end();
    await log.close();
    await stage.dispose();
  }
}

type Log = {
  file: string;
  events: Event[];
  /** Called with each event as it comes. */
  listeners: ((event: Event) => void)[];
  record(event: Event): void;
  close(): Promise<void>;
};

function openLog(folder: string, seed: number): Log {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `chaos-${seed}.jsonl`);
  const stream = createWriteStream(file);
  const log: Log = {
    file,
    events: [],
    listeners: [],
    record(event) {
      if (stream.writable) {
        log.events.push(event);
        stream.write(`${JSON.stringify(event)}\n`);
        log.listeners.forEach(listener => listener(event));
      }
    },
    close: () =>
      new Promise(resolve => {
        stream.end(resolve);
      }),
  };
  return log;
}

/** Everybody who takes part. */
type Troupe = { cast: Cast; signIn: SignIn; tell(command: ServerCommand): void; end(): Promise<void> };

async function startTroupe(options: ChaosOptions, stage: Stage, log: Log): Promise<Troupe> {
  const { seed, faults = true, tokenSeconds = TOKEN_SECONDS } = options;
  const { environment, logins, redis } = stage;
  const { record } = log;
  const leaks = new LeakScanner();
  const server = child('server.ts', { seed, hosts: HOSTS, logins, tokenSeconds, faults }, environment);
  const settings: Omit<WorkerSettings, 'name'> = {
    seed,
    logins,
    hosts: await hostsOf(server),
    redis: redis === undefined ? undefined : { url: redis.url, encryptionKey: `${'c'.repeat(43)}=` },
    patienceMs: options.patienceMs ?? 15_000,
    pauseMs: options.pauseMs ?? 400,
    lanes: 4,
  };
  const workerScript = options.workerScript ?? script('worker-main.ts');
  const cast = new Cast({ script: workerScript, settings, environment, leaks, record });
  const signer = child('signer.ts', { ...settings, name: 'signer' }, environment);
  const tell = (command: ServerCommand) => void server.send(command, () => undefined);
  const signIn = new SignIn({ signer, tell, record });
  server.on('message', (report: Event & ServerReport) => {
    if (report.type === 'issued') {
      leaks.plant(report.access, `access token ${tokenName(report.access)}`);
      leaks.plant(report.refresh, `refresh token ${tokenName(report.refresh)}`);
    } else if (report.type === 'signed-in') {
      signIn.deliver(report);
    } else {
      record(report);
    }
  });
  log.listeners.push(event => signIn.watch(event));
  const watch = setInterval(() => cast.checkCalls(), 500);
  return {
    cast,
    signIn,
    tell,
    async end() {
      clearInterval(watch);
      signIn.end();
      await Promise.all([cast.end(), ended(signer), ended(server)]);
    },
  };
}

async function ended(one: ChildProcess): Promise<void> {
  if (one.exitCode === null && one.signalCode === null) {
    const exit = once(one, 'exit');
    one.kill('SIGKILL');
    await exit;
  }
}

async function hostsOf(server: ChildProcess): Promise<string[]> {
  return new Promise((resolve, reject) => {
    server.once('exit', code => reject(new Error(`The server ended (${code}) before it listened.`)));
    server.once('message', (report: ServerReport) =>
      report.type === 'listening' ? resolve(report.hosts) : reject(new Error('The server did not say where it is.')),
    );
  });
}

/** A new process on a calm world gets an answer for each login: what is left behind hinders nobody. */
async function recover(
  cast: Cast,
  number: number,
  logins: readonly Login[],
  { listeners, record }: Log,
  mostMs: number,
): Promise<void> {
  const missing = new Map(logins.map(({ id }): [string, string] => [id, 'no call ended']));
  listeners.push(event => {
    if (event.type !== 'outcome' || !event.worker?.startsWith(`w${number}.`)) {
      return;
    }
    if ('answer' in event.outcome) {
      missing.delete(event.login);
    } else if (missing.has(event.login)) {
      missing.set(event.login, 'error' in event.outcome ? event.outcome.message : event.outcome.aborted);
    }
  });
  cast.start(number);
  for (const end = Date.now() + mostMs; missing.size > 0 && Date.now() < end;) {
    await delay(200);
    cast.checkCalls();
  }
  for (const [login, last] of missing) {
    record({ at: Date.now(), type: 'not-recovered', login, last });
  }
}
