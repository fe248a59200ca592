import { createHmac } from 'node:crypto';

/**
 * What the simulator signs a thinking block with: base64 with `+` and `/`, as Kimi's are
 * (docs/wire.md#thinking-signatures). The same text has the same signature in every simulator, so that a conversation
 * may move from one to another (docs/decisions.md#69-signatures-in-the-simulator).
 */
export function signatureOf(thinking: string): string {
  return ['a', 'b', 'c']
    .map(part => createHmac('sha512', `kimi-simulator-${part}`).update(thinking).digest('base64').replaceAll('=', ''))
    .join('');
}
