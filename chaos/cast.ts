/** The workers: started, killed, stopped, and started again; what they print is searched for tokens. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { takeDescriptors } from './disk.ts';
import type { LeakScanner } from './leaks.ts';
import type { Event, Outcome, WorkerCommand, WorkerReport, WorkerSettings, WorldReport } from './protocol.ts';

/** After its caller has called off a call, it has so long to end, in ms. */
const GRACE_MS = 12_000;

/** So long after it went on, a worker's own measure of its event loop still holds the time asleep. */
const ASLEEP_MS = 2_500;

type Call = { login: string; since: number; stoppedMs: number; isHung: boolean };
type Slot = {
  name: string;
  child: ChildProcess;
  calls: Map<string, Call>;
  stoppedAt: number | undefined;
  continuedAt: number;
  offsetMs: number;
  output: string;
  isReady: boolean;
  isDrained: boolean;
  isWanted: boolean;
};

export type CastOptions = {
  script: string;
  settings: Omit<WorkerSettings, 'name'>;
  environment: Readonly<Record<string, string>>;
  leaks: LeakScanner;
  record(event: Event): void;
};

export class Cast {
  private readonly options: CastOptions;
  private readonly slots = new Map<number, Slot>();
  private readonly incarnations = new Map<number, number>();
  private isOver = false;

  constructor(options: CastOptions) {
    this.options = options;
    process.once('exit', this.abandon);
  }

  start(number: number): void {
    const incarnation = (this.incarnations.get(number) ?? -1) + 1;
    this.incarnations.set(number, incarnation);
    const name = `w${number}.${incarnation}`;
    const child = fork(this.options.script, [JSON.stringify({ ...this.options.settings, name })], {
      env: { ...this.options.environment },
      execArgv: ['--disable-warning=ExperimentalWarning'],
      silent: true,
    });
    const before = this.slots.get(number);
    const slot: Slot = {
      name,
      child,
      calls: new Map(),
      stoppedAt: undefined,
      continuedAt: 0,
      offsetMs: before?.offsetMs ?? 0,
      output: '',
      isReady: false,
      isDrained: false,
      isWanted: true,
    };
    this.slots.set(number, slot);
    child.on('message', (message: Event & WorkerReport) => this.take(slot, message));
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        slot.output = (slot.output + text).slice(-20_000);
        this.search(slot, 'what it printed', slot.output.slice(-text.length - 600));
      });
    }
    child.on('exit', (code, signal) => {
      if (slot.isWanted && !this.isOver) {
        const { output } = slot;
        this.say({ type: 'exited', how: `${code ?? signal}`, output: output.slice(-4000), worker: name });
        this.start(number);
      }
    });
    if (slot.offsetMs !== 0) {
      this.tell(slot, { clock: slot.offsetMs });
    }
    this.say({ type: 'started', worker: name });
  }

  get pids(): number[] {
    return this.living().flatMap(({ child }) => (child.pid === undefined ? [] : [child.pid]));
  }

  /** The number of the worker of that name, while it lives. */
  numberOf(name: string): number | undefined {
    return [...this.slots].find(([, slot]) => slot.name === name && slot.isWanted)?.[0];
  }

  kill(number: number, why: string): void {
    const slot = this.slots.get(number);
    if (slot?.isWanted === true) {
      slot.isWanted = false;
      // First the word, then the deed: nobody may see the one before the other.
      this.say({ type: 'killed', worker: slot.name, why });
      slot.child.kill('SIGKILL');
    }
  }

  stop(number: number): void {
    const slot = this.slots.get(number);
    if (slot?.isWanted === true && slot.stoppedAt === undefined) {
      slot.stoppedAt = Date.now();
      this.say({ type: 'stopped', worker: slot.name });
      slot.child.kill('SIGSTOP');
    }
  }

  continue(number: number): void {
    const slot = this.slots.get(number);
    if (slot?.stoppedAt === undefined) {
      return;
    }
    const stoppedMs = Date.now() - slot.stoppedAt;
    slot.stoppedAt = undefined;
    slot.continuedAt = Date.now();
    slot.calls.forEach(call => (call.stoppedMs += stoppedMs));
    slot.child.kill('SIGCONT');
    this.say({ type: 'continued', worker: slot.name });
  }

  step(number: number, offsetMs: number): void {
    const slot = this.slots.get(number);
    if (slot?.isWanted === true) {
      slot.offsetMs = offsetMs;
      this.tell(slot, { clock: offsetMs });
      this.say({ type: 'clock', worker: slot.name, offsetMs });
    }
  }

  async starve(number: number, milliseconds: number): Promise<void> {
    const slot = this.slots.get(number);
    const pid = slot?.child.pid;
    // Before it is loaded it is Node alone, and ends by itself.
    if (slot?.isWanted !== true || pid === undefined || slot.child.exitCode !== null || !slot.isReady) {
      return;
    }
    const undo = await takeDescriptors(pid).catch(() => undefined);
    if (undo !== undefined) {
      this.say({ type: 'outage', what: 'no file descriptors', worker: slot.name });
      await new Promise(resolve => setTimeout(resolve, milliseconds));
      await undo();
      this.say({ type: 'restored', what: 'no file descriptors', worker: slot.name });
    }
  }

  /** Says of each call that should have ended long ago. */
  checkCalls(): void {
    for (const slot of this.living()) {
      if (slot.stoppedAt !== undefined) {
        continue;
      }
      for (const [id, call] of slot.calls) {
        const waitedMs = Date.now() - call.since - call.stoppedMs;
        if (!call.isHung && waitedMs > this.options.settings.patienceMs + GRACE_MS) {
          call.isHung = true;
          this.say({ type: 'hung', worker: slot.name, id, login: call.login, seconds: waitedMs / 1000 });
        }
      }
    }
  }

  /** No new calls; resolves when the last has ended or is hung. */
  async drain(): Promise<void> {
    [...this.slots.keys()].forEach(number => this.continue(number));
    this.living().forEach(slot => this.tell(slot, { drain: true }));
    const isBusy = (slot: Slot) => !slot.isDrained && [...slot.calls.values()].some(({ isHung }) => !isHung);
    while (this.living().some(isBusy)) {
      await new Promise(resolve => setTimeout(resolve, 200));
      this.checkCalls();
    }
  }

  async end(): Promise<void> {
    this.isOver = true;
    process.off('exit', this.abandon);
    await Promise.all(
      [...this.slots.values()].map(async ({ child }) => {
        if (child.exitCode === null && child.signalCode === null) {
          const exit = once(child, 'exit');
          child.kill('SIGKILL');
          await exit;
        }
      }),
    );
  }

  /** Who is stopped does not notice that the harness is gone. */
  private readonly abandon = (): void => this.slots.forEach(({ child }) => void child.kill('SIGKILL'));

  private living(): Slot[] {
    return [...this.slots.values()].filter(({ isWanted }) => isWanted);
  }

  private tell({ child }: Slot, command: WorkerCommand): void {
    if (child.connected) {
      child.send(command, () => undefined);
    }
  }

  private say(report: WorldReport): void {
    this.options.record({ at: Date.now(), ...report });
  }

  private take(slot: Slot, message: Event & WorkerReport): void {
    if (message.type === 'call') {
      slot.calls.set(message.id, { login: message.login, since: message.at, stoppedMs: 0, isHung: false });
    } else if (message.type === 'outcome') {
      slot.calls.delete(message.id);
      this.search(slot, 'an error', `${message.shown}\n${textOf(message.outcome)}`);
    } else if (message.type === 'ready') {
      slot.isReady = true;
    } else if (message.type === 'drained') {
      slot.isDrained = true;
    } else if (message.type === 'memory' && message.at - slot.continuedAt < ASLEEP_MS) {
      // It was asleep, not busy.
      message.blockedMs = 0;
    }
    this.options.record({ ...message, worker: slot.name });
  }

  private search(slot: Slot, where: string, text: string): void {
    for (const token of this.options.leaks.find(text)) {
      this.say({ type: 'leak', worker: slot.name, where, token, text: text.slice(0, 4000) });
    }
  }
}

function textOf(outcome: Outcome): string {
  return 'error' in outcome ? outcome.message : '';
}
