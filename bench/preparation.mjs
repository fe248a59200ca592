/**
 * How long a long agent conversation takes from the call until the `fetch` setting is called with its body: 400
 * messages, 2 MB, 40 tools. Nothing is sent. The prompt is a new object at each call, as the AI SDK makes it at each
 * step; the tools are the same objects or new ones, so that the difference is what remembering them saves.
 */
import { contenders } from './contenders.mjs';
import { difference, measure, typical } from './measure.mjs';
import { generate } from './readers.mjs';
import { fixed, limit, signed, table } from './report.mjs';
import { text } from './requests.mjs';

const TURNS = 100;
const MESSAGES = TURNS * 4;
const MESSAGE_BYTES = 5_000;
const TOOLS = 40;
const MOST_MILLISECONDS = 10;

const MODELS = { data: [{ id: 'kimi-for-coding', context_length: 262144, supports_reasoning: true }] };
const ANSWER = {
  id: 'chatcmpl-bench',
  object: 'chat.completion',
  created: 1763700000,
  model: 'kimi-for-coding',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello there.' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 12, completion_tokens: 3, total_tokens: 15 },
};

const MESSAGES_ANSWER = {
  id: 'msg-bench',
  type: 'message',
  role: 'assistant',
  model: 'kimi-for-coding',
  content: [{ type: 'text', text: 'Hello there.' }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 12, output_tokens: 3 },
};

export async function preparation({ build, origin, plan }) {
  const prompt = conversation();
  const tools = Array.from({ length: TOOLS }, (_, index) => tool(index));
  const fetch = fetchThatStops();
  const { bare, moonshotai, anthropic, key, session, messages } = contenders(build, {
    origin,
    path: 'batched/0',
    fetch,
  });
  const cases = [
    ...casesOf('bare openai-compatible', bare),
    ...casesOf('@ai-sdk/moonshotai', moonshotai),
    ...Object.entries(key).flatMap(([version, model]) => casesOf(`ours ${version}`, model)),
    ...casesOf('ours V4 signed in', session.V4),
    ...casesOf('bare anthropic', anthropic),
    ...casesOf('ours V4 messages', messages.V4),
  ];

  function casesOf(name, model) {
    return [
      { name: `${name}, same tools`, reads: 'messages and tools', run: clock => prepare(model, clock, tools) },
      {
        name: `${name}, new tools`,
        reads: 'messages and tools',
        run: clock => prepare(model, clock, structuredClone(tools)),
      },
    ];
  }

  async function prepare(model, clock, callTools) {
    const callPrompt = structuredClone(prompt);
    const sent = fetch.next(clock);
    clock.start();
    await generate(model, callPrompt, { tools: callTools });
    const body = JSON.parse(sent.body);
    return body.messages.length + body.tools.length;
  }

  const samples = await measure(cases, plan);
  const rows = cases.map(({ name }) => ({
    name,
    milliseconds: typical(samples, name, 'part'),
    overBare: difference(samples, name, `${bareOf(name)}, ${name.split(', ')[1]}`, 'part'),
    cpuMilliseconds: typical(samples, name, 'partCpu'),
  }));
  const time = wanted => rows.find(({ name }) => name === wanted).milliseconds;
  return {
    rows,
    tables: [
      table(
        `Prepared: ${MESSAGES} messages, ${(MESSAGES * MESSAGE_BYTES) / 1e6} MB, ${TOOLS} tools, until fetch is called`,
        ['', 'ms', 'over bare ms', 'CPU ms'],
        rows.map(row => [row.name, fixed(row.milliseconds, 2), signed(row.overBare, 2), fixed(row.cpuMilliseconds, 2)]),
      ),
    ],
    targets: ['same tools', 'new tools'].map(which =>
      limit(
        `${MESSAGES} messages, 2 MB, ${TOOLS} tools, ${which}`,
        time(`ours V4, ${which}`),
        MOST_MILLISECONDS,
        'ms',
        {
          bare: time(`bare openai-compatible, ${which}`),
          moonshotai: time(`@ai-sdk/moonshotai, ${which}`),
        },
      ),
    ),
  };
}

/** What a case is compared with: the wrapped model of its wire. */
function bareOf(name) {
  return /messages|anthropic/.test(name) ? 'bare anthropic' : 'bare openai-compatible';
}

/** A `fetch` that stops the clock of the call that was announced with `next`, keeps its body, and answers by itself. */
function fetchThatStops() {
  let clock;
  let sent;
  const fetch = async (input, init) => {
    if (init?.method !== 'POST') {
      return Response.json(MODELS);
    }
    clock.stop();
    sent.body = init.body;
    return Response.json(String(input).includes('/messages') ? MESSAGES_ANSWER : ANSWER);
  };
  fetch.next = nextClock => {
    clock = nextClock;
    sent = {};
    return sent;
  };
  return fetch;
}

/** Turns of an agent: asked, a call with its reasons, its result, an answer. */
function conversation() {
  const part = (bytes, turn) => ({ type: 'text', text: `${turn}: ${text(bytes)}`.slice(0, bytes) });
  return Array.from({ length: TURNS }, (_, turn) => {
    const call = { toolCallId: `call_${turn}`, toolName: `tool_${turn % TOOLS}` };
    return [
      { role: 'user', content: [part(MESSAGE_BYTES, turn)] },
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: text(MESSAGE_BYTES / 2) },
          { type: 'tool-call', ...call, input: { path: `src/file-${turn}.ts`, content: text(MESSAGE_BYTES / 2) } },
        ],
      },
      {
        role: 'tool',
        content: [{ type: 'tool-result', ...call, output: { type: 'text', value: text(MESSAGE_BYTES) } }],
      },
      { role: 'assistant', content: [part(MESSAGE_BYTES, turn)] },
    ];
  }).flat();
}

/** A schema as a zod one comes out: nested, with enumerations, unions, references and a `$schema`. */
function tool(index) {
  const described = (type, rest) => ({ type, description: text(60), ...rest });
  const closed = { additionalProperties: false };
  return {
    type: 'function',
    name: `tool_${index}`,
    description: text(400),
    inputSchema: {
      $schema: 'http://json-schema.org/draft-07/schema#',
      ...described('object', closed),
      properties: {
        path: described('string'),
        content: described('string'),
        mode: described('string', { enum: ['read', 'write', 'append'] }),
        lines: described('integer', { minimum: 1, maximum: 100_000 }),
        range: { anyOf: [described('number'), described('array', { items: { type: 'number' } }), { type: 'null' }] },
        edits: described('array', {
          items: described('object', {
            ...closed,
            properties: { old: described('string'), new: described('string'), all: described('boolean') },
            required: ['old', 'new'],
          }),
        }),
        place: { $ref: '#/$defs/place' },
      },
      required: ['path'],
      $defs: {
        place: described('object', {
          ...closed,
          properties: { line: described('integer'), column: described('integer') },
        }),
      },
    },
  };
}
