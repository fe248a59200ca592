/** What both wires do with a call for an answer: credential, identity, model, rules of the body, quota, the answer. */
import type { KimiService } from '../upstream';
import { defaultAnswer } from './answers/default-answer';
import type { ScriptedAnswer } from './answers/scripted-answer';
import { authorize, ownerOf } from './authorize';
import { refuseApi, type Exchange } from './exchange';
import { ACCESS_RULES, identityNotices, isRefusedByGate } from './rules/access-rules';
import type { ChatBody, ChatSubject, SimulatorRule, Verdict } from './rules/simulator-rule';
import type { SimulatorModel } from './simulator-model';
import { availableOf, type SimulatorState } from './simulator-state';

/** Whether credential and identity are let in; refuses the call itself when not. The gate stands before chat only. */
export async function admit(exchange: Exchange, state: SimulatorState, service: KimiService): Promise<boolean> {
  if (!(await authorize(exchange, state, service))) {
    return false;
  }
  const { gate, disabledRules } = state;
  if (service !== 'coding' || disabledRules.has(ACCESS_RULES.identityGate.rule)) {
    return true;
  }
  const { request } = exchange;
  const notices = identityNotices(request);
  request.notices.push(...notices);
  if (request.wire === 'chat') {
    if (isRefusedByGate(request, gate)) {
      await refuseApi(exchange, ACCESS_RULES.identityGate);
      return false;
    }
    request.passedRules.push(ACCESS_RULES.identityGate.rule);
  }
  if (notices.length === 0) {
    request.passedRules.push(ACCESS_RULES.identityIncomplete.rule, ACCESS_RULES.userAgentAppended.rule);
  }
  return true;
}

/** The model that the body names; refuses the call itself when the account, or this wire, has no such model. */
export async function findModel(
  exchange: Exchange,
  state: SimulatorState,
  service: KimiService,
): Promise<SimulatorModel | undefined> {
  const { request } = exchange;
  const body = request.json as { model?: unknown; messages?: unknown; tools?: unknown } | null | undefined;
  if (!areObjects([body]) || !areObjects(body?.messages) || !areObjects(body?.tools ?? []) || isTooDeep(body)) {
    await refuseApi(exchange, ACCESS_RULES.malformedBody);
    return undefined;
  }
  const text = `Not found the model ${String(body?.model)} or Permission denied`;
  const model = state.models[service].find(({ id }) => id === body?.model);
  if (!model) {
    await refuseApi(exchange, ACCESS_RULES.unknownModel, text);
    return undefined;
  }
  const isServed = model.protocol !== 'response' && (model.protocol !== 'anthropic' || request.wire === 'messages');
  if (!isServed) {
    await refuseApi(exchange, ACCESS_RULES.wrongProtocol, text);
    return undefined;
  }
  request.passedRules.push(
    ACCESS_RULES.malformedBody.rule,
    ACCESS_RULES.unknownModel.rule,
    ACCESS_RULES.wrongProtocol.rule,
  );
  return model;
}

/** The body, a field of which that is null being one that is not there. */
export function withoutNulls<T extends object>(body: T): T {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null)) as T;
}

/** What the rules of a body look at; `body` in the words of chat completions, whatever the wire. */
export function subjectOf(
  exchange: Exchange,
  state: SimulatorState,
  service: KimiService,
  model: SimulatorModel,
  body: ChatBody,
): ChatSubject {
  const { request } = exchange;
  const thinking =
    model.supports_thinking_type !== 'no' &&
    (model.supports_thinking_type === 'only' || body.thinking?.type !== 'disabled');
  const owner = ownerOf(request);
  return { request, service, body, model, thinking, hasFile: id => state.files.has(owner, id) };
}

/**
 * Asks every rule of the body, writes notices and passed rules on the request, and answers with the first refusal.
 * Rules that are switched off are not asked; without `strict` a refusal is only a notice.
 * @returns whether it refused
 */
export async function refuseByRules<T extends ChatSubject>(
  exchange: Exchange,
  state: SimulatorState,
  rules: readonly (SimulatorRule & { check(subject: T): Verdict })[],
  subject: T,
): Promise<boolean> {
  let first: { row: SimulatorRule; text: string } | undefined;
  for (const { check, ...row } of rules) {
    if (state.disabledRules.has(row.rule)) {
      continue;
    }
    const verdict = check(subject);
    if (verdict === 'passed') {
      subject.request.passedRules.push(row.rule);
    } else if (verdict !== undefined && (row.kind === 'notice' || !state.strict)) {
      subject.request.notices.push(`${row.rule}: ${verdict.text}`);
    } else if (verdict !== undefined) {
      first ??= { row, text: verdict.text };
    }
  }
  if (first) {
    await refuseApi(exchange, first.row, first.text);
  }
  return first !== undefined;
}

/** Whether plan or balance is used up; refuses the call itself then, and else takes it from the plan. */
export async function isUsedUp(exchange: Exchange, state: SimulatorState, service: KimiService): Promise<boolean> {
  if (service === 'platform') {
    if (availableOf(state.balance) <= 0) {
      await refuseApi(exchange, ACCESS_RULES.balanceExhausted);
      return true;
    }
    return false;
  }
  const text = state.quota.spend();
  if (text !== undefined) {
    const { status } = state.quota;
    await refuseApi(exchange, status === 403 ? ACCESS_RULES.quotaExhausted : ACCESS_RULES.quotaExhausted429, text);
  }
  return text !== undefined;
}

/** The next scripted answer, else the default one. */
export async function nextAnswer(state: SimulatorState, subject: ChatSubject): Promise<ScriptedAnswer> {
  const scripted = state.script.shift();
  return typeof scripted === 'function'
    ? await scripted(subject.body, subject.request)
    : (scripted ?? defaultAnswer(subject));
}

function areObjects(values: unknown): boolean {
  return Array.isArray(values) && values.every(value => typeof value === 'object' && value !== null);
}

/** Nested so deep that no rule could walk it. */
function isTooDeep(body: unknown): boolean {
  try {
    JSON.stringify(body);
    return false;
  } catch {
    return true;
  }
}
