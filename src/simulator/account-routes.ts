/** What an account has: usage and user of a plan, balance of the platform. */
import type { KimiService } from '../upstream';
import { authorize } from './authorize';
import { ANSWER_RULES } from './rules/answer-rules';
import type { SimulatorRule } from './rules/simulator-rule';
import { availableOf, type Route, type SimulatorState } from './simulator-state';

function route(
  service: KimiService,
  path: string,
  { rule }: SimulatorRule,
  body: (state: SimulatorState) => unknown,
): Route {
  return {
    method: 'GET',
    path,
    count: () => (path.endsWith('/usages') ? 'usages' : undefined),
    async handle(exchange, state) {
      if (await authorize(exchange, state, service)) {
        exchange.request.answeredRules.push(rule, ANSWER_RULES.traceId.rule);
        await exchange.reply(200, body(state));
      }
    },
  };
}

export const ACCOUNT_ROUTES: readonly Route[] = [
  route('coding', '/coding/v1/usages', ANSWER_RULES.usages, ({ quota }) => quota.body()),
  route('coding', '/coding/v1/me', ANSWER_RULES.user, () => ({
    user_id: 'simulated-user',
    nickname: 'Simulated',
    status: 'USER_STATUS_NORMAL',
    region: 'REGION_OVERSEA',
    user_level: 20,
    user_level_name: 'Allegretto',
    domain: 'kimi.com',
    domain_name: 'Kimi',
  })),
  route('platform', '/v1/users/me/balance', ANSWER_RULES.balance, ({ balance }) => ({
    code: 0,
    data: {
      available_balance: availableOf(balance),
      voucher_balance: balance.voucher,
      cash_balance: balance.cash,
    },
    scode: '0x0',
    status: true,
  })),
];
