/** Chat completions of both services. */
import type { KimiService } from '../upstream';
import { sendAnswer } from './answers/send-answer';
import { admit, findModel, isUsedUp, nextAnswer, refuseByRules, subjectOf, withoutNulls } from './call-for-answer';
import type { ChatBody } from './rules/simulator-rule';
import { CHAT_RULES } from './rules/simulator-rules';
import type { Route } from './simulator-state';

function chatCompletionsRoute(service: KimiService, path: string): Route {
  return {
    method: 'POST',
    path,
    count: () => 'chats',
    async handle(exchange, state) {
      const model = (await admit(exchange, state, service)) ? await findModel(exchange, state, service) : undefined;
      if (!model) {
        return;
      }
      const subject = subjectOf(exchange, state, service, model, withoutNulls(exchange.request.json as ChatBody));
      if (!(await refuseByRules(exchange, state, CHAT_RULES, subject)) && !(await isUsedUp(exchange, state, service))) {
        await sendAnswer(exchange, state, subject, await nextAnswer(state, subject));
      }
    },
  };
}

export const CHAT_ROUTES: readonly Route[] = [
  chatCompletionsRoute('coding', '/coding/v1/chat/completions'),
  chatCompletionsRoute('platform', '/v1/chat/completions'),
];
