import type { KimiService } from '../upstream';
import type { AnswerScript } from './answers/scripted-answer';
import type { Exchange } from './exchange';
import type { FilesLedger } from './files-ledger';
import type { LoginLedger, SimulatorClock } from './login-ledger';
import type { IdentityGate } from './rules/access-rules';
import type { SignatureAlphabet } from './rules/messages-rule';
import type { QuotaLedger } from './quota';
import type { SimulatorModels } from './simulator-model';
import type { SimulatorWeb } from './simulator-web';

/** How often each thing was asked for, counted when the request arrives, whatever the answer. */
export type SimulatorCounts = {
  deviceAuthorizations: number;
  tokenPolls: number;
  refreshes: number;
  models: number;
  /** Calls for an answer on either wire. */
  chats: number;
  /** Those of them on the Anthropic wire. */
  messages: number;
  tokenCounts: number;
  uploads: number;
  usages: number;
  searches: number;
  fetches: number;
  /** Requests of every kind. */
  requests: number;
};

/** Money of the platform account; cash may be below zero. */
export type SimulatorBalance = { voucher: number; cash: number };

/** What can be spent: debts do not count against vouchers (docs/wire.md#platform-balance). */
export function availableOf({ voucher, cash }: SimulatorBalance): number {
  return voucher + Math.max(0, cash);
}

/** What the routes share. */
export type SimulatorState = {
  url: string;
  clock: SimulatorClock;
  ledger: LoginLedger;
  models: SimulatorModels;
  quota: QuotaLedger;
  balance: SimulatorBalance;
  web: SimulatorWeb;
  apiKeys: Readonly<Record<KimiService, readonly string[]>>;
  gate: IdentityGate;
  strict: boolean;
  disabledRules: ReadonlySet<string>;
  invalidGrantStatus: number | undefined;
  chunkDelayMs: number | undefined;
  usageAt: 'choice' | 'top-level' | 'both';
  signatureAlphabet: SignatureAlphabet;
  files: FilesLedger;
  script: AnswerScript[];
  counts: SimulatorCounts;
  promptsByCacheKey: Map<string, number>;
  /** Aborted when the simulator closes, so that nothing waits any longer. */
  closing: AbortSignal;
};

/** One path of the server. A new endpoint is a row in one of the `…-routes.ts`. */
export type Route = {
  method: 'GET' | 'POST' | 'DELETE';
  /** The whole of it. */
  path: string | RegExp;
  count?: (exchange: Exchange) => keyof SimulatorCounts | readonly (keyof SimulatorCounts)[] | undefined;
  handle(exchange: Exchange, state: SimulatorState): Promise<void>;
};
