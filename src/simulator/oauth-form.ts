import { OAUTH_CLIENT_ID } from '../upstream';
import type { Exchange } from './exchange';
import { refuseOAuth } from './refuse';
import { OAUTH_RULES } from './rules/oauth-rules';

/**
 * The form of an OAuth request, after what holds for all of them: a form, the official client id, no unknown fields.
 * `undefined` when it was refused here.
 */
export async function readOAuthForm(
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
