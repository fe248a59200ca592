/** How a simulator is started, and what a test has of it. */
import type { KimiService } from '../upstream';
import type { AnswerScript } from './answers/scripted-answer';
import type { Fault } from './fault';
import type { FileLimits, SimulatorFile } from './files-ledger';
import type { SimulatorClock, TokenAnswer } from './login-ledger';
import type { QuotaWindows, SimulatorQuota } from './quota';
import type { RecordedRequest } from './recorded-request';
import type { IdentityGate } from './rules/access-rules';
import type { SignatureAlphabet } from './rules/messages-rule';
import type { SimulatorRuleRow } from './rules/simulator-rule';
import type { SimulatorAccount, SimulatorModel, SimulatorModels } from './simulator-model';
import type { SimulatorBalance, SimulatorCounts } from './simulator-state';
import type { SimulatorWeb } from './simulator-web';

export type KimiSimulatorOptions = {
  /** Default: a free one. */
  port?: number;
  /** Device logins are approved at once. Default `false`: call `approve(userCode)`. */
  autoApprove?: boolean;
  /**
   * Who may use chat completions of the coding service (docs/decisions.md#27-gate-of-the-simulator). Default
   * `named`, as was reported last.
   */
  gate?: IdentityGate;
  /** Milliseconds in which a used refresh token may come back. Default 0: reuse revokes the chain. */
  reuseGraceMs?: number;
  /** Ids that every account has, for chats that name `ms://` files which nobody uploaded. */
  files?: readonly string[];
  /** Seconds after which a file is gone. Default: never, and no answer has an `expires_at`. */
  fileLifetime?: number;
  /** What an account may upload. Default: 1,000 files of at most 100 MiB, 10 GiB in all. */
  fileLimits?: Partial<FileLimits>;
  /** HTTP status of `invalid_grant`. Default 400; 401 and 403 exist as well (docs/wire.md#rejected-refresh). */
  invalidGrantStatus?: number;
  /** What the account lists. Default `k2.8`, which is today's. */
  account?: SimulatorAccount;
  /** Its models one by one, in place of those of `account`. */
  models?: Partial<Record<KimiService, readonly SimulatorModel[]>>;
  /** How much the plan allows, and how `/usages` tells of it. Default: more than anybody uses. */
  quota?: SimulatorQuota;
  /** Of the platform account. Default 46.58893 in vouchers and 3.00001 in cash. */
  balance?: Partial<SimulatorBalance>;
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
  /** Real milliseconds between two events of a stream unless the script says, for people who watch. Default none. */
  chunkDelayMs?: number;
  /** Where usage stands in a stream unless the script says. Default `choice`, as Kimi does it. */
  usageAt?: 'choice' | 'top-level' | 'both';
  /**
   * In which letters the signature of a thinking block may come back. Default `any`: as it was sent. `base64url`
   * refuses the `+` and `/` that it was sent with, as Kimi did in August 2026 (docs/wire.md#thinking-signatures).
   */
  signatureAlphabet?: SignatureAlphabet;
  /** Milliseconds; base of `clock`. Default `Date.now`. */
  now?: () => number;
  /** Serves https with this key and certificate, both PEM. Default: http. */
  tls?: { key: string; cert: string };
};

/** A strict Kimi on loopback. Ends with `close()`, or with `await using`. */
export type KimiSimulator = {
  /** `http://127.0.0.1:<port>`, or `https://…` with `tls`. */
  url: string;
  /** Base of the coding service: `<url>/coding/v1`. OAuth tokens and coding keys. */
  apiBaseURL: string;
  /** Base of the pay-per-token service: `<url>/v1`. Platform keys, no identity gate. */
  platformBaseURL: string;
  /** Base of its Anthropic wire: `<url>/anthropic`. That of the coding service is `<url>/coding`. Both lack `/v1`. */
  platformAnthropicURL: string;
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
  /** Every file that was uploaded and not deleted, oldest first. */
  readonly files: readonly SimulatorFile[];
  /** Kimi has none of them any more. */
  forgetFiles(): void;
  /** Drops queued answers and faults. */
  reset(): void;
  /** May be changed at any time; the next request sees it. */
  models: SimulatorModels;
  /** The same, of the plan. */
  quota: QuotaWindows;
  /** The same, of the platform account. */
  balance: SimulatorBalance;
  /** What there is on the web; may be changed at any time, too. */
  web: SimulatorWeb;
  clock: SimulatorClock;
  rules: readonly SimulatorRuleRow[];
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};
