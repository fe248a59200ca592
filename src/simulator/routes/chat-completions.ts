import type { KimiService } from '../../upstream';
import { defaultAnswer } from '../answers/default-answer';
import { sendChatAnswer } from '../answers/send-chat-answer';
import { authorize } from '../authorize';
import type { Exchange } from '../exchange';
import { judgeChat } from '../judge-chat';
import { refuseApi } from '../refuse';
import { ACCESS_RULES, identityNotices, isRefusedByGate } from '../rules/access-rules';
import type { ChatBody, ChatSubject } from '../rules/chat-rule';
import type { Route, SimulatorState } from '../simulator-state';

export function chatCompletionsRoute(service: KimiService, path: string): Route {
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
      const scripted = state.script.shift();
      const answer =
        typeof scripted === 'function'
          ? await scripted(subject.body, exchange.request)
          : (scripted ?? defaultAnswer(subject));
      await sendChatAnswer(exchange, state, subject, answer);
    },
  };
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
  return { request: exchange.request, service, body, model, thinking: thinks };
}
