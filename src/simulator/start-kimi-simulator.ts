import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { TRACE_ID_HEADER } from '../upstream';
import type { AnswerScript } from './answers/scripted-answer';
import { Exchange } from './exchange';
import { FaultQueue } from './fault';
import type { KimiSimulator, KimiSimulatorOptions } from './kimi-simulator';
import { LoginLedger } from './login-ledger';
import { readRequest, type RecordedRequest } from './recorded-request';
import { refuseApi } from './refuse';
import { ROUTES } from './routes';
import { ACCESS_RULES } from './rules/access-rules';
import { SIMULATOR_RULES } from './rules/simulator-rules';
import { createSimulatorClock } from './simulator-clock';
import { defaultSimulatorModels } from './simulator-model';
import type { SimulatorCounts, SimulatorState } from './simulator-state';

/**
 * Starts a strict Kimi on 127.0.0.1: OAuth device login, models and chat completions, with every refusal that is known.
 * Throws when the port is taken, or `rules.disable` names a rule that does not exist.
 */
export async function startKimiSimulator(options: KimiSimulatorOptions = {}): Promise<KimiSimulator> {
  const disabledRules = knownRules(options.rules?.disable ?? []);
  const closing = new AbortController();
  const requests: RecordedRequest[] = [];
  const faults = new FaultQueue();
  const clock = createSimulatorClock(options.now);
  const models = defaultSimulatorModels();
  const ledger = new LoginLedger({
    clock,
    tokenLifetime: options.tokenLifetime ?? 900,
    deviceInterval: options.deviceInterval ?? 5,
    deviceLifetime: options.deviceLifetime ?? 1800,
    reuseGraceMs: options.reuseGraceMs ?? 0,
    autoApprove: options.autoApprove ?? false,
  });
  const state: SimulatorState = {
    url: '',
    clock,
    ledger,
    models: {
      coding: options.models?.coding ? [...options.models.coding] : models.coding,
      platform: options.models?.platform ? [...options.models.platform] : models.platform,
    },
    apiKeys: {
      coding: options.apiKeys?.coding ?? ['sk-kimi-simulator'],
      platform: options.apiKeys?.platform ?? ['sk-simulator'],
    },
    gate: options.gate ?? 'known-agents',
    strict: options.strict ?? true,
    disabledRules,
    invalidGrantStatus: options.invalidGrantStatus,
    usageAt: options.usageAt ?? 'choice',
    script: [],
    counts: zeroCounts(),
    promptsByCacheKey: new Map(),
    closing: closing.signal,
  };

  const server = createServer((message, response) => {
    // A script that throws, a client that goes away and a simulator that closes end here: the client sees a closed
    // socket.
    serve(message, response, state, faults, requests).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

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
      Object.assign(state.counts, zeroCounts());
    },
    counts: state.counts,
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
    script: answers => void state.script.push(...((Array.isArray(answers) ? answers : [answers]) as AnswerScript[])),
    fault: fault => faults.add(fault),
    reset() {
      state.script.length = 0;
      faults.clear();
    },
    models: state.models,
    clock,
    rules: SIMULATOR_RULES,
    close,
    [Symbol.asyncDispose]: close,
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
  const route = ROUTES.find(({ method, path }) => method === request.method && path === request.path);
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
  } else if (fault?.status !== undefined) {
    const retryAfter = fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
    await exchange.reply(fault.status, fault.body, { ...retryAfter, ...fault.headers });
  } else if (route) {
    await route.handle(exchange, state);
  } else {
    await refuseApi(exchange, ACCESS_RULES.unknownPath);
  }
}

function zeroCounts(): SimulatorCounts {
  return { deviceAuthorizations: 0, tokenPolls: 0, refreshes: 0, models: 0, chats: 0, requests: 0 };
}

function knownRules(names: readonly string[]): ReadonlySet<string> {
  const unknown = names.filter(name => !SIMULATOR_RULES.some(({ rule }) => rule === name));
  if (unknown.length > 0) {
    throw new Error(`No simulator rule is named ${unknown.join(', ')}; "npm run simulator -- --rules" lists them.`);
  }
  return new Set(names);
}
