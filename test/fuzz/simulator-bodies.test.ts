/** Whatever a client sends to the simulator, on either wire: it answers, with an answer or an error of that wire. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { check } from './fuzz';
import { mutated } from './hostile-json';

let simulator: KimiSimulator;
beforeAll(async () => {
  simulator = await startKimiSimulator();
});
afterAll(() => simulator.close());

const schema = { type: 'object', properties: { city: { type: 'string', enum: ['a'] } }, required: ['city'] };
const image = 'data:image/png;base64,AAAA';

const BODIES = {
  '/coding/v1/messages': {
    model: 'k3',
    max_tokens: 10,
    stream: true,
    system: [{ type: 'text', text: 's', cache_control: { type: 'ephemeral' } }],
    messages: [
      { role: 'user', content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } }] },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 't', signature: '' },
          { type: 'tool_use', id: 'a', name: 'f', input: {} },
        ],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: [{ type: 'text', text: 'r' }] }] },
    ],
    tools: [{ name: 'f', description: 'd', input_schema: schema }],
    tool_choice: { type: 'any' },
    thinking: { type: 'enabled', budget_tokens: 5 },
    output_config: { effort: 'high', format: { type: 'json_schema', schema } },
    context_management: { edits: [] },
    metadata: { user_id: 'u' },
    temperature: 1,
    stop_sequences: ['x'],
  },
  '/coding/v1/chat/completions': {
    model: 'k3',
    max_completion_tokens: 10,
    stream: true,
    messages: [
      { role: 'system', content: 's' },
      { role: 'user', content: [{ type: 'image_url', image_url: { url: image } }] },
      {
        role: 'assistant',
        reasoning_content: 't',
        tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'a', content: 'r' },
    ],
    tools: [{ type: 'function', function: { name: 'f', description: 'd', parameters: schema } }],
    tool_choice: 'auto',
    thinking: { type: 'enabled', effort: 'high', keep: 'all' },
    response_format: { type: 'json_schema', json_schema: { name: 'n', schema } },
    prompt_cache_key: 'k',
  },
} as const;

it.each(Object.entries(BODIES))('%s', { timeout: 120_000 }, async (path, body) => {
  await check(
    fc.asyncProperty(mutated(body), async text => {
      const response = await fetch(simulator.url + path, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: 'Bearer sk-kimi-simulator',
          'user-agent': 'fuzz/1.0',
        },
        body: text,
      });
      const answer = await response.text();
      if (response.status !== 200) {
        expect([400, 404, 413, 429]).toContain(response.status);
        expect(JSON.parse(answer)).toMatchObject({ error: { type: expect.any(String), message: expect.any(String) } });
      }
    }),
    300,
  );
});
