/** Signs an account in again once its login is lost, as its owner would after reading the error. */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { tokenName, type Event, type ServerCommand, type ServerReport } from './protocol.ts';
import type { SignerCommand, SignerReport } from './signer.ts';

type SignedIn = Extract<ServerReport, { type: 'signed-in' }>;

/** What a person needs to read the error. Meanwhile others see it, too, and must not make it worse. */
const READING_MS = 1_500;

export class SignIn {
  private readonly signer: ChildProcess;
  private readonly tell: (command: ServerCommand) => void;
  private readonly record: (event: Event) => void;
  private readonly underWay = new Set<string>();
  private readonly savedAt = new Map<string, number>();
  private readonly startedAt = new Map<string, number>();
  private readonly waiting = new Map<number, (value: SignedIn | SignerReport) => void>();
  private requests = 0;
  private isOver = false;

  constructor(options: { signer: ChildProcess; tell(command: ServerCommand): void; record(event: Event): void }) {
    this.signer = options.signer;
    this.tell = options.tell;
    this.record = options.record;
    this.signer.on('message', (report: SignerReport) => this.deliver(report));
  }

  deliver(report: SignedIn | SignerReport): void {
    this.waiting.get(report.request)?.(report);
    this.waiting.delete(report.request);
  }

  /** A login that ended, or a call that was told so and had begun after the last sign-in. */
  watch(event: Event): void {
    if (event.type === 'reused' || event.type === 'revoked') {
      void this.later(event.login);
    } else if (event.type === 'call') {
      this.startedAt.set(event.id, event.at);
    } else if (event.type === 'outcome') {
      const began = this.startedAt.get(event.id) ?? 0;
      this.startedAt.delete(event.id);
      const { outcome } = event;
      const isLost = 'error' in outcome && outcome.error === 'KIMI_LOGIN_REQUIRED' && outcome.reason !== 'rejected';
      if (isLost && began > (this.savedAt.get(event.login) ?? 0)) {
        void this.later(event.login);
      }
    }
  }

  private async later(login: string): Promise<void> {
    if (this.underWay.has(login)) {
      return;
    }
    this.underWay.add(login);
    await delay(READING_MS);
    await this.now(login);
  }

  /** Nobody signs in any more. */
  end(): void {
    this.isOver = true;
  }

  /** Tries until it is saved. */
  async now(login: string): Promise<void> {
    this.underWay.add(login);
    while (!this.isOver) {
      const request = ++this.requests;
      const issued = (await this.ask(request, () => this.tell({ do: 'sign-in', login, request }))) as SignedIn;
      const { access, refresh, seconds } = issued;
      const saving = ++this.requests;
      const command: SignerCommand = { login, request: saving, access, refresh, seconds };
      const saved = (await this.ask(saving, () => void this.signer.send(command, () => undefined))) as SignerReport;
      if (saved.failed === undefined) {
        this.savedAt.set(login, Date.now());
        this.underWay.delete(login);
        this.record({ at: Date.now(), type: 'login-saved', login, token: tokenName(refresh) });
        return;
      }
      await delay(700);
    }
  }

  private async ask(request: number, send: () => void): Promise<SignedIn | SignerReport> {
    return new Promise(resolve => {
      this.waiting.set(request, resolve);
      send();
    });
  }
}
