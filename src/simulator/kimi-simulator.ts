import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTLSServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { TRACE_ID_HEADER } from '../upstream';
import type { AnswerScript } from './answers/scripted-answer';
import { API_ROUTES } from './api-routes';
import { errorBodyOf } from './error-body';
import { breakConnection, Exchange, refuseApi } from './exchange';
import { FaultQueue } from './fault';
import { FilesLedger } from './files-ledger';
import { createSimulatorClock, LoginLedger } from './login-ledger';
import { OAUTH_ROUTES } from './oauth-routes';
import { QuotaLedger } from './quota';
import { readRequest, type RecordedRequest } from './recorded-request';
import { ACCESS_RULES } from './rules/access-rules';
import { SIMULATOR_RULES } from './rules/simulator-rules';
import { accounts } from './simulator-model';
import type { Route, SimulatorCounts, SimulatorState } from './simulator-state';
import type { KimiSimulator, KimiSimulatorOptions } from './simulator-options';

/** Every path that the simulator serves. */
const ROUTES: readonly Route[] = [...OAUTH_ROUTES, ...API_ROUTES];

/**
 * Starts a strict Kimi on 127.0.0.1: OAuth device login, models, chat completions and Anthropic messages, with every
 * refusal that is known.
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
    platformAnthropicURL: `${state.url}/anthropic`,
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
    chunkDelayMs: options.chunkDelayMs,
    usageAt: options.usageAt ?? 'choice',
    signatureAlphabet: options.signatureAlphabet ?? 'any',
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
  const counted = [route?.count?.(exchange) ?? []].flat();
  state.counts.requests += 1;
  for (const count of counted) {
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
    await exchange.reply(fault.status, errorBodyOf(request.wire, fault.status, fault.body), retryAfter);
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
    messages: 0,
    tokenCounts: 0,
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
