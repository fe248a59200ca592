/** The OAuth host: device authorization, the page where a person decides, tokens (RFC 8628, RFC 6749). */
import { DEVICE_AUTHORIZATION_PATH, OAUTH_CLIENT_ID, TOKEN_PATH } from '../upstream';
import { refuseOAuth, type Exchange } from './exchange';
import type { PollOutcome } from './login-ledger';
import { OAUTH_RULES } from './rules/oauth-rules';
import type { SimulatorRule } from './rules/simulator-rule';
import type { Route, SimulatorState } from './simulator-state';

const deviceAuthorizationRoute: Route = {
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

/** Where a person decides: the page behind `verification_uri_complete`. Only for use by hand; tests call `approve`. */
const devicePageRoute: Route = {
  method: 'GET',
  path: '/device',
  async handle(exchange, { ledger }) {
    const userCode = exchange.request.query.user_code ?? '';
    const state = ledger.stateOf(userCode);
    const buttons =
      '<form method="post"><button name="decision" value="approved">Approve</button> ' +
      '<button name="decision" value="denied">Deny</button></form>';
    const body =
      state === undefined
        ? '<p>No login has this code.</p>'
        : `<p>Code ${userCode}: ${state}.</p>${state === 'pending' ? buttons : ''}`;
    await exchange.reply(state === undefined ? 404 : 200, page(body), { 'content-type': 'text/html; charset=utf-8' });
  },
};

const deviceDecisionRoute: Route = {
  method: 'POST',
  path: '/device',
  async handle(exchange, { ledger }) {
    const { query, form } = exchange.request;
    const decision = form?.decision === 'approved' ? 'approved' : 'denied';
    const known = query.user_code !== undefined && ledger.stateOf(query.user_code) === 'pending';
    if (known) {
      ledger.decide(query.user_code as string, decision);
    }
    await exchange.reply(
      known ? 200 : 404,
      page(known ? `<p>${decision}. You can close this page.</p>` : '<p>Nothing to decide.</p>'),
      {
        'content-type': 'text/html; charset=utf-8',
      },
    );
  },
};

function page(body: string): string {
  return `<!doctype html><html lang="en"><title>Kimi simulator</title><h1>Kimi simulator</h1>${body}</html>\n`;
}

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

const POLL_REFUSALS: Readonly<Record<Extract<PollOutcome, string>, SimulatorRule>> = {
  authorization_pending: OAUTH_RULES.authorizationPending,
  slow_down: OAUTH_RULES.slowDown,
  expired_token: OAUTH_RULES.expiredToken,
  access_denied: OAUTH_RULES.accessDenied,
  invalid_grant: OAUTH_RULES.invalidGrant,
};

const tokenRoute: Route = {
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

/**
 * The form of an OAuth request, after what holds for all of them: a form, the official client id, no unknown fields.
 * `undefined` when it was refused here.
 */
async function readOAuthForm(
  exchange: Exchange,
  fields: readonly string[],
): Promise<Readonly<Record<string, string>> | undefined> {
  const { form, notices } = exchange.request;
  if (form === undefined) {
    await refuseOAuth(exchange, OAUTH_RULES.invalidRequest);
    return undefined;
  }
  if (form.client_id !== OAUTH_CLIENT_ID) {
    await refuseOAuth(exchange, OAUTH_RULES.invalidClient);
    return undefined;
  }
  const unknown = Object.keys(form).filter(name => name !== 'client_id' && !fields.includes(name));
  if (unknown.length > 0) {
    notices.push(`${OAUTH_RULES.unknownParameter.rule}: ${unknown.join(', ')}`);
  }
  exchange.request.passedRules.push(
    OAUTH_RULES.invalidClient.rule,
    ...(unknown.length === 0 ? [OAUTH_RULES.unknownParameter.rule] : []),
  );
  return form;
}

/** In the order in which a login uses them. */
export const OAUTH_ROUTES: readonly Route[] = [
  deviceAuthorizationRoute,
  devicePageRoute,
  deviceDecisionRoute,
  tokenRoute,
];
