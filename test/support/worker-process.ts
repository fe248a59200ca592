import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { WorkerAnswer, WorkerCommand, WorkerReport, WorkerSettings, WorkerStep } from './worker-protocol';

/** A running `worker.ts`. */
export class WorkerProcess {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly name: string;
  private readonly reached = new Map<WorkerStep, number>();
  private answers: WorkerAnswer[][] = [];
  private wake: () => void = () => undefined;
  private stderr = '';
  private exit: string | undefined;

  /**
   * @param environment added to this process's own without its Kimi variables; HOME should be one of the test's
   * @param through a command that runs it: with limits, as another user, in another namespace
   */
  constructor(
    bundle: string,
    settings: WorkerSettings,
    environment: Readonly<Record<string, string>>,
    name = 'worker',
    through: readonly string[] = [],
  ) {
    this.name = name;
    const inherited = Object.entries(process.env).filter(([variable]) => !/^(KIMI|MOONSHOT|ANTHROPIC)_/.test(variable));
    const [program, ...parameters] = [...through, process.execPath, bundle, JSON.stringify(settings)];
    this.child = spawn(program!, parameters, {
      env: { ...Object.fromEntries(inherited), ...environment },
    });
    // A killed process takes no commands; its end is reported where it is waited for.
    this.child.stdin.on('error', () => undefined);
    this.child.stderr.on('data', (bytes: Buffer) => (this.stderr += bytes.toString()));
    this.child.once('exit', (code, signal) => {
      this.exit = `${code ?? signal}`;
      this.wake();
    });
    createInterface({ input: this.child.stdout }).on('line', line => {
      const report = JSON.parse(line) as WorkerReport;
      if ('step' in report) {
        this.reached.set(report.step, this.count(report.step) + 1);
      } else {
        this.answers.push(report.answers);
      }
      this.wake();
    });
  }

  /** What it wrote to stderr: warnings, and why it crashed. */
  get output(): string {
    return this.stderr;
  }

  /** How often it was at `step`. */
  count(step: WorkerStep): number {
    return this.reached.get(step) ?? 0;
  }

  /** Resolves when it has been at `step`. */
  async at(step: WorkerStep, times = 1): Promise<void> {
    await this.until(() => this.count(step) >= times, `reach "${step}"`);
  }

  /** Starts `requests` requests at once; `answered` waits for them. */
  start(requests: number): void {
    this.tell({ ask: requests });
  }

  async answered(): Promise<WorkerAnswer[]> {
    await this.until(() => this.answers.length > 0, 'answer');
    return this.answers.shift()!;
  }

  async ask(requests: number): Promise<WorkerAnswer[]> {
    this.start(requests);
    return this.answered();
  }

  /** Lets it go on from the step at which it waits. */
  resume(): void {
    this.tell({ resume: true });
  }

  /** Opens files until the system gives it no more, or closes them again. */
  exhaustDescriptors(isOn: boolean): void {
    this.tell({ exhaustDescriptors: isOn });
  }

  /** Closes its input and waits for its end (see `endsByItself`). Resolves with its exit code or signal. */
  async ended(): Promise<string> {
    this.child.stdin.end();
    if (this.exit === undefined) {
      await once(this.child, 'exit');
    }
    return this.exit!;
  }

  async kill(): Promise<void> {
    if (this.exit === undefined) {
      const exited = once(this.child, 'exit');
      this.child.kill('SIGKILL');
      await exited;
    }
  }

  stop(): void {
    this.child.kill('SIGSTOP');
  }

  continue(): void {
    this.child.kill('SIGCONT');
  }

  private tell(command: WorkerCommand): void {
    this.child.stdin.write(`${JSON.stringify(command)}\n`);
  }

  private async until(condition: () => boolean, what: string): Promise<void> {
    while (!condition()) {
      if (this.exit !== undefined) {
        throw new Error(`The ${this.name} ended (${this.exit}) before it could ${what}:\n${this.stderr}`);
      }
      await new Promise<void>(resolve => {
        const others = this.wake;
        this.wake = () => {
          others();
          resolve();
        };
      });
    }
  }
}
