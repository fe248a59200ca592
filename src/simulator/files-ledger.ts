import { randomUUID } from 'node:crypto';
import type { SimulatorClock } from './login-ledger';

/** A file that was uploaded. */
export type SimulatorFile = {
  id: string;
  /** The credential's account: a key is one of its own, all logins are one. */
  owner: string;
  filename: string;
  mediaType: string;
  purpose: string;
  /** Milliseconds by the simulator's clock. */
  createdAt: number;
  expiresAt: number | undefined;
  content: Uint8Array;
};

/** What an account may have (docs/wire.md#limits-of-files). */
export type FileLimits = {
  /** Of one file. Default 100 MiB. */
  bytes: number;
  /** How many. Default 1,000. */
  files: number;
  /** Of all. Default 10 GiB. */
  totalBytes: number;
};

export const FILE_LIMITS: FileLimits = { bytes: 100 * 1024 * 1024, files: 1_000, totalBytes: 10 * 1024 ** 3 };

/** Uploaded files, and which account may use them. */
export class FilesLedger {
  readonly limits: FileLimits;
  private readonly clock: SimulatorClock;
  private readonly lifetime: number | undefined;
  /** Ids that exist for everybody, without a file behind them. */
  private readonly seeded: ReadonlySet<string>;
  private readonly files = new Map<string, SimulatorFile>();

  /** @param options.lifetime seconds; without it files stay, and no answer has an expiry */
  constructor(options: {
    clock: SimulatorClock;
    lifetime: number | undefined;
    limits: Partial<FileLimits> | undefined;
    seeded: readonly string[] | undefined;
  }) {
    this.clock = options.clock;
    this.lifetime = options.lifetime;
    this.limits = { ...FILE_LIMITS, ...options.limits };
    this.seeded = new Set(options.seeded);
  }

  add(file: Omit<SimulatorFile, 'id' | 'createdAt' | 'expiresAt'>): SimulatorFile {
    const createdAt = this.clock.now();
    const added = {
      ...file,
      id: randomUUID().replaceAll('-', '').slice(0, 20),
      createdAt,
      expiresAt: this.lifetime === undefined ? undefined : createdAt + this.lifetime * 1000,
    };
    this.files.set(added.id, added);
    return added;
  }

  /** Those that the account has now, oldest first. */
  of(owner: string): SimulatorFile[] {
    return [...this.files.values()].filter(file => file.owner === owner && this.isThere(file));
  }

  find(owner: string, id: string): SimulatorFile | undefined {
    const file = this.files.get(id);
    return file?.owner === owner && this.isThere(file) ? file : undefined;
  }

  /** Whether a chat of the account may name it. */
  has(owner: string, id: string): boolean {
    return this.seeded.has(id) || this.find(owner, id) !== undefined;
  }

  delete(id: string): void {
    this.files.delete(id);
  }

  clear(): void {
    this.files.clear();
  }

  all(): SimulatorFile[] {
    return [...this.files.values()];
  }

  private isThere({ expiresAt }: SimulatorFile): boolean {
    return expiresAt === undefined || this.clock.now() < expiresAt;
  }
}
