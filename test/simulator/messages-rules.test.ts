import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SIMULATOR_RULES, startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { COUNT_RULES, MESSAGES_RULES } from '../../src/simulator/rules/simulator-rules';
import { MESSAGES_RULE_CASES } from './messages-rule-cases';
import { rowPattern } from './row-pattern';
import { lastRequest, messages, readReply } from './simulator-client';

let simulator: KimiSimulator;
beforeAll(async () => {
  simulator = await startKimiSimulator({ files: ['file-1'] });
});
beforeEach(() => simulator.clearRequests());
afterAll(() => simulator.close());

const TYPES: Readonly<Record<number, string>> = { 400: 'invalid_request_error', 429: 'rate_limit_error' };

describe.each(MESSAGES_RULE_CASES.map(({ rule, ...rest }, index) => ({ rule, index, ...rest })))(
  '$rule ($index)',
  ({ rule, service = 'coding', trips, passes, headers = {} }) => {
    const row = SIMULATOR_RULES.find(candidate => candidate.rule === rule);

    test(row?.kind === 'notice' ? 'is noticed' : 'refuses', async () => {
      const response = await messages(simulator, trips, { service, headers });
      const request = lastRequest(simulator);
      if (row?.kind === 'notice') {
        expect(response.status).toBe(200);
        expect(request.notices.map(notice => notice.split(':')[0])).toEqual([rule]);
        return;
      }
      const { status, body } = await readReply(response);
      expect({ status, refusedBy: request.refusedBy }).toEqual({ status: row?.status, refusedBy: rule });
      const message = expect.stringMatching(rowPattern(row?.text ?? ''));
      expect(body).toEqual({ type: 'error', error: { type: TYPES[status], message } });
    });

    test('lets its neighbour pass, without a notice', async () => {
      const response = await messages(simulator, passes, { service });
      const { notices, refusedBy } = lastRequest(simulator);
      expect({ notices, refusedBy }).toEqual({ notices: [], refusedBy: undefined });
      expect(response.status).toBe(200);
    });
  },
);

test('every rule of the Anthropic body has a case', () => {
  expect([...new Set(MESSAGES_RULE_CASES.map(({ rule }) => rule))].toSorted()).toEqual(
    MESSAGES_RULES.map(({ rule }) => rule).toSorted(),
  );
});

test('tokens are counted by the same rules, without a limit of the answer', async () => {
  expect(COUNT_RULES).toHaveLength(MESSAGES_RULES.length - 1);
  const count = (text: string): Promise<Response> =>
    messages(
      simulator,
      { max_tokens: undefined, messages: [{ role: 'user', content: text }] },
      { path: '/v1/messages/count_tokens' },
    );
  const short = (await readReply(await count('hello'))).body.input_tokens as number;
  const long = (await readReply(await count('hello '.repeat(100)))).body.input_tokens as number;
  expect(short).toBeGreaterThan(0);
  expect(long).toBeGreaterThan(short + 100);
  expect(simulator.counts).toMatchObject({ tokenCounts: 2, chats: 0, messages: 0 });
  const refused = await messages(
    simulator,
    { messages: [{ role: 'tool', content: 'x' }] },
    { path: '/v1/messages/count_tokens' },
  );
  expect(refused.status).toBe(400);
});

test('a rule can be switched off, and without strict a refusal is a notice', async () => {
  await using without = await startKimiSimulator({ rules: { disable: ['messages-max-tokens'] } });
  expect((await messages(without, { max_tokens: undefined })).status).toBe(200);
  await using lenient = await startKimiSimulator({ strict: false });
  expect((await messages(lenient, { max_tokens: undefined })).status).toBe(200);
  expect(lastRequest(lenient).notices).toEqual(['messages-max-tokens: max_tokens: Field required']);
});
