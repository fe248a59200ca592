import type { KimiService } from '../../upstream';
import { authorize } from '../authorize';
import { ANSWER_RULES } from '../rules/answer-rules';
import { toWireModel } from '../simulator-model';
import type { Route } from '../simulator-state';

export function modelsRoute(service: KimiService, path: string): Route {
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
