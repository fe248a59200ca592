import type { KimiService } from '../upstream';
import { refuseApi, type Exchange } from './exchange';
import type { RecordedRequest } from './recorded-request';
import { ACCESS_RULES } from './rules/access-rules';
import type { SimulatorState } from './simulator-state';

/** Whether the request has a living credential of `service`; answers 401 itself when not. */
export async function authorize(exchange: Exchange, state: SimulatorState, service: KimiService): Promise<boolean> {
  if (!isAuthorized(exchange.request, state, service)) {
    await refuseApi(exchange, ACCESS_RULES.unauthorized);
    return false;
  }
  return true;
}

/** The same without an answer. */
export function isAuthorized(request: RecordedRequest, state: SimulatorState, service: KimiService): boolean {
  const credential = credentialOf(request);
  const alive =
    credential !== undefined &&
    (state.apiKeys[service].includes(credential) || (service === 'coding' && state.ledger.isAlive(credential)));
  if (alive) {
    request.passedRules.push(ACCESS_RULES.unauthorized.rule);
  }
  return alive;
}

/** Whose request it is: a key is an account of its own, all logins are one. */
export function ownerOf(request: RecordedRequest): string {
  const credential = credentialOf(request) ?? '';
  return credential.startsWith('sk-') ? credential : 'login';
}

/** On the Anthropic wire a credential may stand in `x-api-key` as well (docs/wire.md#anthropic-credential). */
function credentialOf({ headers, wire }: RecordedRequest): string | undefined {
  const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
  return wire === 'messages' ? (headers['x-api-key'] ?? bearer) : bearer;
}
