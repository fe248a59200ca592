import type { Exchange } from './exchange';
import type { SimulatorRule } from './rules/simulator-rule';

/** Answers with an error of the OpenAI-style API: `{ error: { message, type } }` (wire.md 8.2). */
export async function refuseApi(exchange: Exchange, row: SimulatorRule, text = row.text ?? ''): Promise<void> {
  exchange.request.refusedBy = row.rule;
  await exchange.reply(row.status ?? 400, { error: { message: text, type: row.type } });
}

/** Answers with an error of the OAuth host: `{ error, error_description }` (wire.md 8.2). */
export async function refuseOAuth(exchange: Exchange, row: SimulatorRule, status = row.status ?? 400): Promise<void> {
  exchange.request.refusedBy = row.rule;
  await exchange.reply(status, { error: row.type, error_description: row.text });
}
