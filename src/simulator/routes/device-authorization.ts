import { DEVICE_AUTHORIZATION_PATH } from '../../upstream';
import { readOAuthForm } from '../oauth-form';
import { OAUTH_RULES } from '../rules/oauth-rules';
import type { Route } from '../simulator-state';

export const deviceAuthorizationRoute: Route = {
  method: 'POST',
  path: DEVICE_AUTHORIZATION_PATH,
  count: () => 'deviceAuthorizations',
  async handle(exchange, { ledger, url }) {
    const form = await readOAuthForm(exchange, []);
    if (form) {
      exchange.request.answeredRules.push(OAUTH_RULES.deviceStarted.rule);
      await exchange.reply(200, ledger.startDevice(`${url}/device`));
    }
  },
};
