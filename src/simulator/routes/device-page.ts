import type { Route } from '../simulator-state';

/** Where a person decides: the page behind `verification_uri_complete`. Only for use by hand; tests call `approve`. */
export const devicePageRoute: Route = {
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

export const deviceDecisionRoute: Route = {
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
