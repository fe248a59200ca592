import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTLSServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { TRACE_ID_HEADER, type KimiService } from '../upstream';
import type { AnswerScript } from './answers/scripted-answer';
import { API_ROUTES } from './api-routes';
import { breakConnection, Exchange, refuseApi } from './exchange';
import { FaultQueue, type Fault } from './fault';
import { FilesLedger, type FileLimits, type SimulatorFile } from './files-ledger';
import { createSimulatorClock, LoginLedger, type SimulatorClock, type TokenAnswer } from './login-ledger';
import { OAUTH_ROUTES } from './oauth-routes';
import { QuotaLedger, type QuotaWindows, type SimulatorQuota } from './quota';
import { readRequest, type RecordedRequest } from './recorded-request';
import { ACCESS_RULES, type IdentityGate } from './rules/access-rules';
import type { SimulatorRuleRow } from './rules/simulator-rule';
import { SIMULATOR_RULES } from './rules/simulator-rules';
import { accounts, type SimulatorAccount, type SimulatorModel, type SimulatorModels } from './simulator-model';
import type { Route, SimulatorBalance, SimulatorCounts, SimulatorState } from './simulator-state';
import type { SimulatorWeb } from './simulator-web';

/** Every path that the simulator serves. */
const ROUTES: readonly Route[] = [...OAUTH_ROUTES, ...API_ROUTES];

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
  /** Where usage stands in a stream unless the script says. Default `choice`, as Kimi does it. */
  usageAt?: 'choice' | 'top-level' | 'both';
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

/**
 * Starts a strict Kimi on 127.0.0.1: OAuth device login, models and chat completions, with every refusal that is known.
 * Throws when the port is taken, or `rules.disable` names a rule that does not exist.
 */
export async function startKimiSimulator(options: KimiSimulatorOptions = {}): Promise<KimiSimulator> {
  const closing = new AbortController();
  const requests: RecordedRequest[] = [];
  const faults = new FaultQueue();
  const state = createState(options, closing.signal);
  const { ledger, files, script, counts, models, web, clock } = state;

  const onRequest = (message: IncomingMessage, response: ServerResponse): void => {
    if (silent.has(message.socket)) {
      return;
    }
    // A script that throws, a client that goes away and a simulator that closes end here: the client sees a closed
    // socket.
    serve(message, response, state, faults, requests).catch(() => response.destroy());
  };
  const server = options.tls === undefined ? createServer(onRequest) : createTLSServer(options.tls, onRequest);
  const silent = new WeakSet<Socket>();
  server.on(options.tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    const how = faults.takeConnection()?.how;
    if (how === 'silence') {
      silent.add(socket);
    } else if (how !== undefined) {
      breakConnection(socket, how);
    }
  });
  state.url = await listen(server, options.port ?? 0, options.tls === undefined ? 'http' : 'https');

  const close = async (): Promise<void> => {
    closing.abort();
    server.closeAllConnections();
    await new Promise<void>(resolve => server.close(() => resolve()));
  };
  return {
    url: state.url,
    apiBaseURL: `${state.url}/coding/v1`,
    platformBaseURL: `${state.url}/v1`,
    oauthHost: state.url,
    requests,
    clearRequests() {
      requests.length = 0;
      Object.assign(counts, zeroCounts());
    },
    counts,
    get chainRevoked() {
      return ledger.chainRevoked;
    },
    get rotations() {
      return ledger.rotations;
    },
    get reuses() {
      return ledger.reuses;
    },
    approve: userCode => ledger.decide(userCode, 'approved'),
    deny: userCode => ledger.decide(userCode, 'denied'),
    signIn: () => ledger.signIn(),
    expireTokens: () => ledger.expireAccessTokens(),
    revoke: () => ledger.revoke(),
    script: answers => void script.push(...((Array.isArray(answers) ? answers : [answers]) as AnswerScript[])),
    fault: fault => faults.add(fault),
    get files() {
      return files.all();
    },
    forgetFiles: () => files.clear(),
    reset() {
      script.length = 0;
      faults.clear();
    },
    models,
    quota: state.quota.windows,
    balance: state.balance,
    web,
    clock,
    rules: SIMULATOR_RULES,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** On loopback only. Gives the address. */
async function listen(server: Server, port: number, scheme: 'http' | 'https'): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The options with their defaults; the address is known once the server listens. */
function createState(options: KimiSimulatorOptions, closing: AbortSignal): SimulatorState {
  const clock = createSimulatorClock(options.now);
  const models = accounts[options.account ?? 'k2.8']();
  return {
    url: '',
    clock,
    ledger: new LoginLedger({
      clock,
      tokenLifetime: options.tokenLifetime ?? 900,
      deviceInterval: options.deviceInterval ?? 5,
      deviceLifetime: options.deviceLifetime ?? 1800,
      reuseGraceMs: options.reuseGraceMs ?? 0,
      autoApprove: options.autoApprove ?? false,
    }),
    models: {
      coding: options.models?.coding ? [...options.models.coding] : models.coding,
      platform: options.models?.platform ? [...options.models.platform] : models.platform,
    },
    quota: new QuotaLedger(clock, options.quota ?? {}),
    balance: { voucher: 46.58893, cash: 3.00001, ...options.balance },
    web: { results: undefined, pages: {} },
    apiKeys: {
      coding: options.apiKeys?.coding ?? ['sk-kimi-simulator'],
      platform: options.apiKeys?.platform ?? ['sk-simulator'],
    },
    gate: options.gate ?? 'named',
    strict: options.strict ?? true,
    disabledRules: knownRules(options.rules?.disable ?? []),
    invalidGrantStatus: options.invalidGrantStatus,
    usageAt: options.usageAt ?? 'choice',
    files: new FilesLedger({
      clock,
      lifetime: options.fileLifetime,
      limits: options.fileLimits,
      seeded: options.files,
    }),
    script: [],
    counts: zeroCounts(),
    promptsByCacheKey: new Map(),
    closing,
  };
}

async function serve(
  message: IncomingMessage,
  response: ServerResponse,
  state: SimulatorState,
  faults: FaultQueue,
  requests: RecordedRequest[],
): Promise<void> {
  const request = await readRequest(message, state.clock.now());
  requests.push(request);
  const fault = faults.take(request);
  const exchange = new Exchange(request, response, fault, { [TRACE_ID_HEADER]: randomUUID().replaceAll('-', '') });
  const route = ROUTES.find(
    ({ method, path }) =>
      method === request.method && (typeof path === 'string' ? path === request.path : path.test(request.path)),
  );
  const count = route?.count?.(exchange);
  state.counts.requests += 1;
  if (count) {
    state.counts[count] += 1;
  }
  if (fault?.delayMs !== undefined) {
    await delay(fault.delayMs, undefined, { signal: state.closing });
  }
  if (fault?.destroySocket) {
    exchange.destroy();
  } else if (fault?.flood !== undefined) {
    await exchange.flood(fault.flood.text);
  } else if (fault?.status !== undefined) {
    const retryAfter = fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
    await exchange.reply(fault.status, fault.body, retryAfter);
  } else if (route) {
    await route.handle(exchange, state);
  } else {
    await refuseApi(exchange, ACCESS_RULES.unknownPath);
  }
}

function zeroCounts(): SimulatorCounts {
  return {
    deviceAuthorizations: 0,
    tokenPolls: 0,
    refreshes: 0,
    models: 0,
    chats: 0,
    uploads: 0,
    usages: 0,
    searches: 0,
    fetches: 0,
    requests: 0,
  };
}

function knownRules(names: readonly string[]): ReadonlySet<string> {
  const unknown = names.filter(name => !SIMULATOR_RULES.some(({ rule }) => rule === name));
  if (unknown.length > 0) {
    throw new Error(`No simulator rule is named ${unknown.join(', ')}; "npm run simulator -- --rules" lists them.`);
  }
  return new Set(names);
}
