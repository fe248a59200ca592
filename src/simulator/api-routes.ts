/** The API of both services, behind credential, identity and the rules of the body. */
import type { KimiService } from '../upstream';
import { defaultAnswer } from './answers/default-answer';
import { sendChatAnswer } from './answers/send-chat-answer';
import { ACCOUNT_ROUTES } from './account-routes';
import { authorize, ownerOf } from './authorize';
import { refuseApi, type Exchange } from './exchange';
import { FILE_ROUTES } from './file-routes';
import { ACCESS_RULES, identityNotices, isRefusedByGate } from './rules/access-rules';
import { ANSWER_RULES } from './rules/answer-rules';
import type { ChatBody, ChatSubject, SimulatorRule } from './rules/simulator-rule';
import { CHAT_RULES } from './rules/simulator-rules';
import { toWireModel } from './simulator-model';
import { availableOf, type Route, type SimulatorState } from './simulator-state';
import { WEB_ROUTES } from './web-routes';

function modelsRoute(service: KimiService, path: string): Route {
  return {
    method: 'GET',
    path,
    count: () => 'models',
    async handle(exchange, state) {
      if (await authorize(exchange, state, service)) {
        exchange.request.answeredRules.push(ANSWER_RULES.models.rule, ANSWER_RULES.traceId.rule);
        await exchange.reply(200, { object: 'list', data: state.models[service].map(toWireModel) });
      }
    },
  };
}

function chatCompletionsRoute(service: KimiService, path: string): Route {
  return {
    method: 'POST',
    path,
    count: () => 'chats',
    async handle(exchange, state) {
      if (!(await authorize(exchange, state, service)) || !(await admit(exchange, state, service))) {
        return;
      }
      const subject = await readSubject(exchange, state, service);
      if (!subject) {
        return;
      }
      const refusal = judgeChat(subject, state.disabledRules, state.strict);
      if (refusal) {
        await refuseApi(exchange, refusal.row, refusal.text);
        return;
      }
      if (await isUsedUp(exchange, state, service)) {
        return;
      }
      const scripted = state.script.shift();
      const answer =
        typeof scripted === 'function'
          ? await scripted(subject.body, exchange.request)
          : (scripted ?? defaultAnswer(subject));
      await sendChatAnswer(exchange, state, subject, answer);
    },
  };
}

/** Whether plan or balance is used up; refuses the chat itself then, and else takes it from the plan. */
async function isUsedUp(exchange: Exchange, state: SimulatorState, service: KimiService): Promise<boolean> {
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

async function admit(
  exchange: Exchange,
  { gate, disabledRules }: SimulatorState,
  service: KimiService,
): Promise<boolean> {
  if (service !== 'coding' || disabledRules.has(ACCESS_RULES.identityGate.rule)) {
    return true;
  }
  const { request } = exchange;
  const notices = identityNotices(request);
  request.notices.push(...notices);
  if (isRefusedByGate(request, gate)) {
    await refuseApi(exchange, ACCESS_RULES.identityGate);
    return false;
  }
  request.passedRules.push(ACCESS_RULES.identityGate.rule);
  if (notices.length === 0) {
    request.passedRules.push(ACCESS_RULES.identityIncomplete.rule, ACCESS_RULES.userAgentAppended.rule);
  }
  return true;
}

async function readSubject(
  exchange: Exchange,
  state: SimulatorState,
  service: KimiService,
): Promise<ChatSubject | undefined> {
  const body = exchange.request.json as ChatBody | null | undefined;
  if (typeof body !== 'object' || body === null || !Array.isArray(body.messages)) {
    await refuseApi(exchange, ACCESS_RULES.malformedBody);
    return undefined;
  }
  const model = state.models[service].find(({ id }) => id === body.model);
  if (!model) {
    await refuseApi(
      exchange,
      ACCESS_RULES.unknownModel,
      `Not found the model ${String(body.model)} or Permission denied`,
    );
    return undefined;
  }
  exchange.request.passedRules.push(ACCESS_RULES.malformedBody.rule, ACCESS_RULES.unknownModel.rule);
  const thinks =
    model.supports_thinking_type !== 'no' &&
    (model.supports_thinking_type === 'only' || body.thinking?.type !== 'disabled');
  const owner = ownerOf(exchange.request);
  const hasFile = (id: string): boolean => state.files.has(owner, id);
  return { request: exchange.request, service, body, model, thinking: thinks, hasFile };
}

type Refusal = { row: SimulatorRule; text: string };

/**
 * Asks every rule of the chat body, writes notices and passed rules on the request, and returns the first refusal.
 * Rules in `disabled` are not asked; with `strict` off a refusal is only a notice.
 */
function judgeChat(subject: ChatSubject, disabled: ReadonlySet<string>, strict: boolean): Refusal | undefined {
  let first: Refusal | undefined;
  for (const { check, ...row } of CHAT_RULES) {
    if (disabled.has(row.rule)) {
      continue;
    }
    const verdict = check(subject);
    if (verdict === 'passed') {
      subject.request.passedRules.push(row.rule);
    } else if (verdict !== undefined && (row.kind === 'notice' || !strict)) {
      subject.request.notices.push(`${row.rule}: ${verdict.text}`);
    } else if (verdict !== undefined) {
      first ??= { row, text: verdict.text };
    }
  }
  return first;
}

export const API_ROUTES: readonly Route[] = [
  modelsRoute('coding', '/coding/v1/models'),
  modelsRoute('platform', '/v1/models'),
  chatCompletionsRoute('coding', '/coding/v1/chat/completions'),
  chatCompletionsRoute('platform', '/v1/chat/completions'),
  ...FILE_ROUTES,
  ...ACCOUNT_ROUTES,
  ...WEB_ROUTES,
];
