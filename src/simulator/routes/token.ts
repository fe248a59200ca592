import { TOKEN_PATH } from '../../upstream';
import type { Exchange } from '../exchange';
import type { PollOutcome } from '../login-ledger';
import { readOAuthForm } from '../oauth-form';
import { refuseOAuth } from '../refuse';
import { OAUTH_RULES } from '../rules/oauth-rules';
import type { SimulatorRule } from '../rules/simulator-rule';
import type { Route, SimulatorState } from '../simulator-state';

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

const POLL_REFUSALS: Readonly<Record<Extract<PollOutcome, string>, SimulatorRule>> = {
  authorization_pending: OAUTH_RULES.authorizationPending,
  slow_down: OAUTH_RULES.slowDown,
  expired_token: OAUTH_RULES.expiredToken,
  access_denied: OAUTH_RULES.accessDenied,
  invalid_grant: OAUTH_RULES.invalidGrant,
};

export const tokenRoute: Route = {
  method: 'POST',
  path: TOKEN_PATH,
  count({ request }) {
    const grant = request.form?.grant_type;
    return grant === 'refresh_token' ? 'refreshes' : grant === DEVICE_GRANT ? 'tokenPolls' : undefined;
  },
  async handle(exchange, state) {
    const form = await readOAuthForm(exchange, ['grant_type', 'device_code', 'refresh_token']);
    if (!form) {
      return;
    }
    if (form.grant_type === DEVICE_GRANT && form.device_code) {
      await poll(exchange, state, form.device_code);
    } else if (form.grant_type === 'refresh_token' && form.refresh_token) {
      await refresh(exchange, state, form.refresh_token);
    } else {
      const known =
        form.grant_type === undefined || form.grant_type === DEVICE_GRANT || form.grant_type === 'refresh_token';
      await refuseOAuth(exchange, known ? OAUTH_RULES.invalidRequest : OAUTH_RULES.unsupportedGrant);
    }
  },
};

async function poll(
  exchange: Exchange,
  { ledger, invalidGrantStatus }: SimulatorState,
  deviceCode: string,
): Promise<void> {
  const outcome = ledger.poll(deviceCode);
  if (typeof outcome !== 'string') {
    exchange.request.answeredRules.push(OAUTH_RULES.tokenGranted.rule);
    await exchange.reply(200, outcome);
    return;
  }
  await refuseOAuth(exchange, POLL_REFUSALS[outcome], outcome === 'invalid_grant' ? invalidGrantStatus : undefined);
}

async function refresh(
  exchange: Exchange,
  { ledger, invalidGrantStatus }: SimulatorState,
  refreshToken: string,
): Promise<void> {
  const outcome = ledger.refresh(refreshToken);
  if (typeof outcome === 'string') {
    await refuseOAuth(
      exchange,
      outcome === 'reused' ? OAUTH_RULES.refreshReused : OAUTH_RULES.invalidGrant,
      invalidGrantStatus,
    );
    return;
  }
  exchange.request.answeredRules.push(
    outcome.withinGrace ? OAUTH_RULES.refreshWithinGrace.rule : OAUTH_RULES.refreshRotated.rule,
  );
  await exchange.reply(200, outcome.answer);
}
