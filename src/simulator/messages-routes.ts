/** The Anthropic wire of both services: messages, and the tokens of a prompt (docs/wire.md#anthropic-protocol). */
import type { KimiService } from '../upstream';
import { sendAnswer } from './answers/send-answer';
import { admit, findModel, isUsedUp, nextAnswer, refuseByRules, subjectOf, withoutNulls } from './call-for-answer';
import type { Exchange } from './exchange';
import { toChatBody } from './messages-body';
import { ANSWER_RULES } from './rules/answer-rules';
import { estimatePromptTokens } from './rules/media-rules';
import { COUNT_RULES, MESSAGES_RULES } from './rules/simulator-rules';
import type { MessagesBody, MessagesRule, MessagesSubject } from './rules/messages-rule';
import type { Route, SimulatorState } from './simulator-state';

/** The request, once everything before the rules and the rules themselves have let it pass. */
async function accepted(
  exchange: Exchange,
  state: SimulatorState,
  service: KimiService,
  rules: readonly MessagesRule[],
): Promise<MessagesSubject | undefined> {
  const model = (await admit(exchange, state, service)) ? await findModel(exchange, state, service) : undefined;
  if (!model) {
    return undefined;
  }
  const messagesBody = withoutNulls(exchange.request.json as MessagesBody);
  const subject = {
    ...subjectOf(exchange, state, service, model, toChatBody(messagesBody)),
    messagesBody,
    signatureAlphabet: state.signatureAlphabet,
  };
  return (await refuseByRules(exchange, state, rules, subject)) ? undefined : subject;
}

function messagesRoute(service: KimiService, path: string): Route {
  return {
    method: 'POST',
    path,
    count: () => ['chats', 'messages'],
    async handle(exchange, state) {
      const subject = await accepted(exchange, state, service, MESSAGES_RULES);
      if (subject && !(await isUsedUp(exchange, state, service))) {
        await sendAnswer(exchange, state, subject, await nextAnswer(state, subject));
      }
    },
  };
}

function countTokensRoute(service: KimiService, path: string): Route {
  return {
    method: 'POST',
    path,
    count: () => 'tokenCounts',
    async handle(exchange, state) {
      const subject = await accepted(exchange, state, service, COUNT_RULES);
      if (subject) {
        exchange.request.answeredRules.push(ANSWER_RULES.countTokens.rule, ANSWER_RULES.traceId.rule);
        await exchange.reply(200, { input_tokens: estimatePromptTokens(subject) });
      }
    },
  };
}

export const MESSAGES_ROUTES: readonly Route[] = [
  messagesRoute('coding', '/coding/v1/messages'),
  messagesRoute('platform', '/anthropic/v1/messages'),
  countTokensRoute('coding', '/coding/v1/messages/count_tokens'),
  countTokensRoute('platform', '/anthropic/v1/messages/count_tokens'),
];
