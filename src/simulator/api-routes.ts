/** The API of both services. */
import type { KimiService } from '../upstream';
import { ACCOUNT_ROUTES } from './account-routes';
import { authorize } from './authorize';
import { CHAT_ROUTES } from './chat-routes';
import { FILE_ROUTES } from './file-routes';
import { MESSAGES_ROUTES } from './messages-routes';
import { ANSWER_RULES } from './rules/answer-rules';
import { toWireModel } from './simulator-model';
import type { Route } from './simulator-state';
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

export const API_ROUTES: readonly Route[] = [
  modelsRoute('coding', '/coding/v1/models'),
  modelsRoute('platform', '/v1/models'),
  ...CHAT_ROUTES,
  ...MESSAGES_ROUTES,
  ...FILE_ROUTES,
  ...ACCOUNT_ROUTES,
  ...WEB_ROUTES,
];
