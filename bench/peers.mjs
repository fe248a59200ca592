// `npm run bench:peers`: the same cases through bare @ai-sdk/openai-compatible, @ai-sdk/moonshotai and this package,
// against the strict simulator. Prints who passes what, as a table or with --json. The peers are given the identity
// that the gate wants, but for the case that is about it, so that each case shows its own rule. Exit code 1 when this
// package fails a case.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMoonshotAI } from '@ai-sdk/moonshotai';
import { OpenAICompatibleChatLanguageModel } from '@ai-sdk/openai-compatible';
import { startKimiSimulator } from '../dist/simulator.js';
import { createKimi } from '../dist/v4.js';

// Nothing is left in the home directory.
process.env.KIMI_PROVIDER_HOME = mkdtempSync(join(tmpdir(), 'kimi-peers-'));

const KEY = 'sk-kimi-simulator';
const user = text => ({ role: 'user', content: [{ type: 'text', text }] });
const assistant = (...content) => ({ role: 'assistant', content });
const call = (id, name = 'weather', input = { city: 'Bern' }) => ({
  type: 'tool-call',
  toolCallId: id,
  toolName: name,
  input,
});
const result = (id, name = 'weather') => ({
  role: 'tool',
  content: [{ type: 'tool-result', toolCallId: id, toolName: name, output: { type: 'text', value: 'rain' } }],
});
const tool = (inputSchema, name = 'weather') => ({
  type: 'function',
  name,
  description: 'Weather of a city',
  inputSchema,
});
const object = (properties, rest = {}) => ({ type: 'object', properties, ...rest });
const WEATHER = tool(object({ city: { type: 'string' } }));
const hi = [user('hi')];
const reasoning = { type: 'reasoning', text: 'r' };

/** A request that the simulator must accept. */
const accepted = (name, options, model = 'kimi-for-coding') => ({
  name,
  model,
  run: async (language, simulator) => {
    await language.doGenerate({ prompt: hi, ...options });
    return simulator.requests.at(-1).status === 200 && simulator.requests.at(-1).notices.length === 0;
  },
});
/** An answer, streamed, that must arrive as `check` wants it. */
const streamed = (name, answer, check, options = {}) => ({
  name,
  model: 'kimi-for-coding',
  run: async (language, simulator) => {
    simulator.script(answer);
    const { stream } = await language.doStream({ prompt: hi, ...options });
    const parts = [];
    for await (const part of stream) parts.push(part);
    return check(parts);
  },
});
const calls = parts => parts.filter(part => part.type === 'tool-call');
const finish = parts => parts.findLast(part => part.type === 'finish');
const refused = (name, status, body, check) => ({
  name,
  model: 'kimi-for-coding',
  run: async (language, simulator) => {
    simulator.script({ status, body });
    return language.doGenerate({ prompt: hi }).then(() => false, check);
  },
});

const CASES = [
  accepted('a plain prompt', {}),
  { ...accepted('identity gate of the coding endpoint', {}), ownIdentity: true },
  accepted(
    'tool-call history without reasoning',
    { prompt: [user('w'), assistant(call('a')), result('a')], tools: [WEATHER] },
    'k3',
  ),
  accepted(
    'reasoning on a turn of tool calls with blank text',
    {
      prompt: [user('w'), assistant(reasoning, { type: 'text', text: ' ' }, call('a')), result('a')],
      tools: [WEATHER],
    },
    'k3',
  ),
  accepted('an assistant turn that is all empty', {
    prompt: [user('a'), assistant({ type: 'text', text: '' }), user('b')],
  }),
  accepted('a cancelled tool call', {
    prompt: [user('w'), assistant(reasoning, call('a')), user('never mind')],
    tools: [WEATHER],
  }),
  accepted('an orphan tool result', { prompt: [user('w'), result('gone'), user('b')], tools: [WEATHER] }),
  accepted('one tool call id in two turns', {
    prompt: [user('w'), assistant(reasoning, call('a')), result('a'), assistant(reasoning, call('a')), result('a')],
    tools: [WEATHER],
  }),
  accepted('temperature, topP and penalties', { temperature: 0.2, topP: 0.5, frequencyPenalty: 1 }),
  accepted('maxOutputTokens', { maxOutputTokens: 1000 }),
  accepted('reasoning none on a model that can stop thinking', { reasoning: 'none' }),
  accepted('reasoning medium on K3', { reasoning: 'medium' }, 'k3'),
  accepted('reasoning none on K3, which always thinks', { reasoning: 'none' }, 'k3'),
  accepted('nested property without a type', { tools: [tool(object({ city: { description: 'x' } }))] }),
  accepted('references outside $defs', {
    tools: [tool(object({ a: { $ref: '#/definitions/A' } }, { definitions: { A: { type: 'string' } } }))],
  }),
  accepted('a description beside $ref', {
    tools: [tool(object({ a: { $ref: '#/$defs/A', description: 'x' } }, { $defs: { A: { type: 'string' } } }))],
  }),
  accepted('a boolean schema', { tools: [tool(object({ a: true }))] }),
  accepted('type beside anyOf', {
    tools: [tool(object({ a: { type: 'string', anyOf: [{ minLength: 1 }, { maxLength: 3 }] } }))],
  }),
  accepted('an enum without a type', { tools: [tool(object({ a: { enum: ['x', 'y'] } }))] }),
  accepted('a schema over 15,000 bytes that repeats itself', {
    tools: [
      tool(
        object(
          Object.fromEntries(
            Array.from({ length: 60 }, (_, index) => [
              `p${index}`,
              object({
                street: {
                  type: 'string',
                  description: 'Street and number of the address, as it stands on the letter box',
                },
                city: { type: 'string', description: 'City or town of the address, in its own language' },
                zip: { type: 'string', description: 'Postal code of the address, with its country prefix' },
              }),
            ]),
          ),
        ),
      ),
    ],
  }),
  accepted('a tool name that starts with a digit', { tools: [tool(object({ city: { type: 'string' } }), '3d_model')] }),
  accepted('tool choice required, thinking', { tools: [WEATHER], toolChoice: { type: 'required' } }),
  accepted('tool choice by name, thinking', { tools: [WEATHER], toolChoice: { type: 'tool', toolName: 'weather' } }),
  accepted('an output schema with $schema', {
    responseFormat: {
      type: 'json',
      schema: { $schema: 'http://json-schema.org/draft-07/schema#', ...object({ a: { type: 'string' } }) },
    },
  }),
  streamed(
    'usage and cached tokens in the last choice',
    { text: 'x', usage: { promptTokens: 100, completionTokens: 2, cachedTokens: 64 }, usageAt: 'choice' },
    parts => finish(parts)?.usage.inputTokens.cacheRead === 64,
  ),
  streamed(
    'arguments before the name of a tool',
    { toolCalls: [{ name: 'weather', arguments: { city: 'Bern' }, quirks: ['arguments-before-name'] }] },
    parts => calls(parts)[0]?.input === '{"city":"Bern"}',
    { tools: [WEATHER] },
  ),
  streamed(
    'two tool calls without an index',
    {
      toolCalls: [
        { name: 'weather', arguments: { city: 'A' }, quirks: ['missing-index'] },
        { name: 'weather', arguments: { city: 'B' }, quirks: ['missing-index'] },
      ],
    },
    parts => calls(parts).length === 2,
    { tools: [WEATHER] },
  ),
  streamed(
    'leaked tool call markup',
    {
      text: '<|tool_calls_section_begin|><|tool_call_begin|>functions.weather:0<|tool_call_argument_begin|>{"city":"Bern"}<|tool_call_end|><|tool_calls_section_end|>',
    },
    parts => calls(parts).length === 1 && finish(parts)?.finishReason.unified === 'tool-calls',
    { tools: [WEATHER] },
  ),
  streamed('an answer that only thinks is an error', { reasoning: 'hm' }, parts =>
    parts.some(part => part.type === 'error'),
  ),
  refused(
    'quota used up is not retried',
    429,
    { error: { message: "You've reached your usage limit for this period", type: 'rate_limit_error' } },
    error => error.isRetryable === false,
  ),
  refused(
    'a balance 429 is not retried',
    429,
    {
      error: { message: 'Your account is suspended due to insufficient balance', type: 'exceeded_current_quota_error' },
    },
    error => error.isRetryable === false,
  ),
  refused(
    'the message of an error body without `error`',
    402,
    { message: 'unable to verify your membership benefits' },
    error => /membership/.test(error.message),
  ),
];

const CONTENDERS = {
  'openai-compatible': (id, simulator, fetch) =>
    new OpenAICompatibleChatLanguageModel(id, {
      provider: 'kimi.chat',
      url: ({ path }) => `${simulator.apiBaseURL}${path}`,
      headers: { Authorization: `Bearer ${KEY}` },
      fetch,
      includeUsage: true,
      supportsStructuredOutputs: true,
    }),
  moonshotai: (id, simulator, fetch) => createMoonshotAI({ baseURL: simulator.apiBaseURL, apiKey: KEY, fetch })(id),
  'this package': (id, simulator) =>
    createKimi({
      baseURL: simulator.apiBaseURL,
      apiKey: KEY,
      identity: { client: 'kimi-cli', deviceId: '0'.repeat(32) },
    })(id),
};

/** The whole identity of the official client, for peers that have none. */
const IDENTITY = {
  'user-agent': 'KimiCLI/1.49.0',
  'x-msh-platform': 'kimi_cli',
  'x-msh-version': '1.49.0',
  'x-msh-device-name': 'bench',
  'x-msh-device-model': 'Linux 6.8.0 x86_64',
  'x-msh-os-version': '#1 SMP',
  'x-msh-device-id': '0'.repeat(32),
};
const identified = (input, init) => fetch(input, { ...init, headers: { ...init.headers, ...IDENTITY } });

const rows = [];
for (const { name, model, run, ownIdentity } of CASES) {
  const row = { case: name };
  for (const [contender, create] of Object.entries(CONTENDERS)) {
    const simulator = await startKimiSimulator();
    try {
      row[contender] = (await run(create(model, simulator, ownIdentity ? fetch : identified), simulator))
        ? 'pass'
        : 'fail';
    } catch {
      row[contender] = 'fail';
    }
    await simulator.close();
  }
  rows.push(row);
}

if (process.argv.includes('--json')) {
  console.log(JSON.stringify(rows, null, 2));
} else {
  const names = Object.keys(CONTENDERS);
  const width = Math.max(...rows.map(row => row.case.length));
  const line = cells =>
    console.log(cells.map((cell, index) => cell.padEnd(index === 0 ? width : names[index - 1].length)).join('  '));
  line(['case', ...names]);
  for (const row of rows) line([row.case, ...names.map(name => row[name])]);
  line([`passed, of ${rows.length}`, ...names.map(name => String(rows.filter(row => row[name] === 'pass').length))]);
}
process.exitCode = rows.every(row => row['this package'] === 'pass') ? 0 : 1;
