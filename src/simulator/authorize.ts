import type { KimiService } from '../upstream';
import type { Exchange } from './exchange';
import { refuseApi } from './refuse';
import { ACCESS_RULES } from './rules/access-rules';
import type { SimulatorState } from './simulator-state';

/** Whether the request has a living credential of `service`; answers 401 itself when not. */
export async function authorize(exchange: Exchange, state: SimulatorState, service: KimiService): Promise<boolean> {
  const credential = /^Bearer (.+)$/.exec(exchange.request.headers.authorization ?? '')?.[1];
  const alive =
    credential !== undefined &&
    (state.apiKeys[service].includes(credential) || (service === 'coding' && state.ledger.isAlive(credential)));
  if (!alive) {
    await refuseApi(exchange, ACCESS_RULES.unauthorized);
    return false;
  }
  exchange.request.passedRules.push(ACCESS_RULES.unauthorized.rule);
  return true;
}
