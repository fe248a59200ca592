import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { OFFICIAL_CLIENT_EVIDENCE } from '../../src/simulator/rules/official-evidence';
import { CHAT_RULES, SIMULATOR_RULES } from '../../src/simulator/rules/simulator-rules';
import { CHAT_RULE_CASES } from './chat-rule-cases';
import { rowPattern } from './row-pattern';
import { chat, lastRequest, readReply } from './simulator-client';

let simulator: KimiSimulator;
beforeAll(async () => {
  simulator = await startKimiSimulator({ files: ['file-1'] });
});
beforeEach(() => simulator.clearRequests());
afterAll(() => simulator.close());

const rowOf = (rule: string) => SIMULATOR_RULES.find(row => row.rule === rule);

describe.each(CHAT_RULE_CASES.map(({ rule, ...rest }, index) => ({ rule, index, ...rest })))(
  '$rule ($index)',
  ({ rule, service = 'coding', trips, passes }) => {
    const row = rowOf(rule);

    test(row?.kind === 'notice' ? 'is noticed' : 'refuses', async () => {
      const response = await chat(simulator, trips, { service });
      const request = lastRequest(simulator);
      if (row?.kind === 'notice') {
        expect(response.status).toBe(200);
        expect(request.notices.map(notice => notice.split(':')[0])).toEqual([rule]);
        return;
      }
      const { status, body } = await readReply(response);
      expect({ status, refusedBy: request.refusedBy }).toEqual({ status: row?.status, refusedBy: rule });
      expect(body).toEqual({ error: { message: expect.stringMatching(rowPattern(row?.text ?? '')), type: row?.type } });
    });

    test('lets its neighbour pass, without a notice', async () => {
      const response = await chat(simulator, passes, { service });
      expect(response.status).toBe(200);
      const { notices, refusedBy } = lastRequest(simulator);
      expect({ notices, refusedBy }).toEqual({ notices: [], refusedBy: undefined });
    });
  },
);

test('every rule of the chat body has a case', () => {
  expect([...new Set(CHAT_RULE_CASES.map(({ rule }) => rule))].toSorted()).toEqual(
    CHAT_RULES.map(({ rule }) => rule).toSorted(),
  );
});

test('every row is complete, has a name of its own, and evidence is of rows only', () => {
  const names = SIMULATOR_RULES.map(({ rule }) => rule);
  expect(new Set(names).size).toBe(names.length);
  for (const row of SIMULATOR_RULES) {
    expect(row.summary.length, row.rule).toBeGreaterThan(10);
    expect(row.source.length, row.rule).toBeGreaterThan(5);
    expect(row.kind === 'refusal', row.rule).toBe(
      row.text !== undefined && row.wording !== undefined && row.type !== undefined,
    );
    expect(row.kind === 'notice', row.rule).toBe(row.status === undefined);
  }
  expect(Object.keys(OFFICIAL_CLIENT_EVIDENCE).filter(rule => !names.includes(rule))).toEqual([]);
});

test('the index of the message is named, counted from 0 with the system message', async () => {
  const messages = [
    { role: 'system', content: 's' },
    { role: 'user', content: 'u' },
    { role: 'assistant', tool_calls: [{ id: 'a', type: 'function', function: { name: 'weather', arguments: '{}' } }] },
    { role: 'tool', tool_call_id: 'a', content: 'sunny' },
  ];
  const { body } = await readReply(await chat(simulator, { messages }));
  expect((body.error as { message: string }).message).toBe(
    'thinking is enabled but reasoning_content is missing in assistant tool call message at index 2',
  );
});

test('thinking off, or a model that never thinks, needs no reasoning', async () => {
  const messages = [
    { role: 'user', content: 'u' },
    { role: 'assistant', tool_calls: [{ id: 'a', type: 'function', function: { name: 'weather', arguments: '{}' } }] },
    { role: 'tool', tool_call_id: 'a', content: 'sunny' },
  ];
  expect((await chat(simulator, { messages, thinking: { type: 'disabled' } })).status).toBe(200);
  expect(
    (await chat(simulator, { messages, model: 'kimi-k2-turbo-preview', temperature: 0.3 }, { service: 'platform' }))
      .status,
  ).toBe(200);
});

test('the path of a schema fault is the one the server writes', async () => {
  const parameters = {
    type: 'object',
    properties: {
      a: {
        type: 'array',
        items: { type: 'object', properties: { b: { anyOf: [{ type: 'object', properties: { c: {} } }] } } },
      },
    },
  };
  const { body } = await readReply(
    await chat(simulator, { tools: [{ type: 'function', function: { name: 'f', parameters } }] }),
  );
  expect((body.error as { message: string }).message).toBe(
    'tools.function.parameters is not a valid moonshot flavored json schema, ' +
      "details: <At path 'properties.a.items.properties.b.anyOf.properties.c': type is not defined>",
  );
});

test('a rule can be switched off, and without strict a refusal is a notice', async () => {
  await using without = await startKimiSimulator({ rules: { disable: ['refused-temperature'] } });
  expect((await chat(without, { temperature: 0 })).status).toBe(200);
  expect((await chat(without, { top_p: 0 })).status).toBe(400);
  await using lenient = await startKimiSimulator({ strict: false });
  expect((await chat(lenient, { temperature: 0 })).status).toBe(200);
  expect(lastRequest(lenient).notices).toEqual([
    'refused-temperature: invalid temperature: only 1 is allowed for this model',
  ]);
});
