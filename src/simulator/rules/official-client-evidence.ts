/**
 * What `npm run test:official` saw the real `@moonshot-ai/kimi-code` 2.1.0 do; that test fails when this table is not what it sees.
 * `gets`: it received this answer and went on as with Kimi. `passes`: it sent what the rule looks at and was not refused.
 * No entry: the row is only as good as its source.
 */
export const OFFICIAL_CLIENT_EVIDENCE: Readonly<Record<string, 'gets' | 'passes'>> = {};
