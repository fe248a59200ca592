import type { KimiService } from '../upstream';
import type { AnswerScript } from './answers/scripted-answer';
import type { Fault } from './fault';
import type { TokenAnswer } from './login-ledger';
import type { RecordedRequest } from './recorded-request';
import type { IdentityGate } from './rules/access-rules';
import type { SimulatorRuleRow } from './rules/simulator-rule';
import type { SimulatorClock } from './simulator-clock';
import type { SimulatorModel, SimulatorModels } from './simulator-model';
import type { SimulatorCounts } from './simulator-state';

export type KimiSimulatorOptions = {
  /** Default: a free one. */
  port?: number;
  /** Device logins are approved at once. Default `false`: call `approve(userCode)`. */
  autoApprove?: boolean;
  /** Who may use chat completions of the coding service (decisions.md 27). Default `known-agents`. */
  gate?: IdentityGate;
  /** Milliseconds in which a used refresh token may come back. Default 0: reuse revokes the chain. */
  reuseGraceMs?: number;
  /** HTTP status of `invalid_grant`. Default 400; 401 and 403 exist as well (wire.md 3.2). */
  invalidGrantStatus?: number;
  models?: Partial<Record<KimiService, readonly SimulatorModel[]>>;
  /** Accepted keys. Default `sk-kimi-simulator` for coding, `sk-simulator` for the platform. */
  apiKeys?: Partial<Record<KimiService, readonly string[]>>;
  /** Seconds. Default 900. */
  tokenLifetime?: number;
  /** Seconds between two polls. Default 5. */
  deviceInterval?: number;
  /** Seconds. Default 1800. */
  deviceLifetime?: number;
  /** Default `true`. `false`: what would refuse a chat body is only a notice on the request. */
  strict?: boolean;
  /** `disable`: names of rules that are not asked. */
  rules?: { disable?: readonly string[] };
  /** Where usage stands in a stream unless the script says. Default `choice`, as Kimi does it. */
  usageAt?: 'choice' | 'top-level' | 'both';
  /** Milliseconds; base of `clock`. Default `Date.now`. */
  now?: () => number;
};

/** A strict Kimi on loopback. Ends with `close()`, or with `await using`. */
export type KimiSimulator = {
  /** `http://127.0.0.1:<port>`. */
  url: string;
  /** Base of the coding service: `<url>/coding/v1`. OAuth tokens and coding keys. */
  apiBaseURL: string;
  /** Base of the pay-per-token service: `<url>/v1`. Platform keys, no identity gate. */
  platformBaseURL: string;
  oauthHost: string;
  /** Every request in order of arrival. Holds tokens and prompts: do not print it. */
  requests: readonly RecordedRequest[];
  /** Forgets the recorded requests and sets the counts to zero. */
  clearRequests(): void;
  counts: Readonly<SimulatorCounts>;
  /** Whether a login was revoked, by `revoke()` or because a refresh token came back. */
  readonly chainRevoked: boolean;
  /** Successful refreshes, and refresh tokens that came back too late. */
  readonly rotations: number;
  readonly reuses: number;
  /** Throw for a user code that was never given out. */
  approve(userCode: string): void;
  deny(userCode: string): void;
  /** Tokens without a device login, for tests that start signed in. */
  signIn(): TokenAnswer;
  /** The API answers 401 to every access token given out so far; refresh tokens stay good. */
  expireTokens(): void;
  /** Every login given out so far is dead. */
  revoke(): void;
  /** Queues answers for the next chats that are not refused; afterwards the default answers again. */
  script(answers: AnswerScript | readonly AnswerScript[]): void;
  /** Queues a fault. */
  fault(fault: Fault): void;
  /** Drops queued answers and faults. */
  reset(): void;
  /** May be changed at any time; the next request sees it. */
  models: SimulatorModels;
  clock: SimulatorClock;
  rules: readonly SimulatorRuleRow[];
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};
