/**
 * What stands around a request: one whole answer, with a key and with a signed-in session; a large prompt; the time
 * until the first delta of a stream.
 */
import { contenders } from './contenders.mjs';
import { difference, measure, ratio, typical } from './measure.mjs';
import { generate, isDelta, parse, post, readModel } from './readers.mjs';
import { fixed, limit, signed, table } from './report.mjs';

const RAW = 'raw fetch';
const BARE = 'bare openai-compatible';
const MOONSHOTAI = '@ai-sdk/moonshotai';
const BARE_MESSAGES = 'bare anthropic';
const OURS = { key: 'key', session: 'signed in', messages: 'messages' };

/** What a case is compared with: the wrapped model of its wire. */
const bareOf = name => (/messages|anthropic/.test(name) ? BARE_MESSAGES : BARE);
const LIMITS = { answer: 1.05, prompt: 0.75, firstDeltaMilliseconds: 0.1 };
const PROMPT_BYTES = 400_000;
const SENTENCE = 'The quick brown fox jumps over the lazy dog, and nobody has asked it why. ';

/** This package's cases of all specifications, with a key and with a session. */
function ours(models, run) {
  return Object.entries(OURS).flatMap(([credential, words]) =>
    Object.entries(models[credential]).map(([version, model]) => ({
      name: `ours ${version}, ${words}`,
      run: clock => run(model, clock),
    })),
  );
}

/** Whole answers, one after the other, warm. */
export async function answers({ build, origin, plan }) {
  const place = { origin, path: 'batched/0' };
  const models = contenders(build, place);
  const cases = [
    {
      name: RAW,
      run: async () => (await (await post({ ...place, stream: false })).json()).choices[0].message.content.length,
    },
    { name: BARE, run: () => generate(models.bare) },
    { name: MOONSHOTAI, run: () => generate(models.moonshotai) },
    { name: BARE_MESSAGES, run: () => generate(models.anthropic) },
    ...ours(models, model => generate(model)),
  ];
  const samples = await measure(cases, plan);
  const rows = cases.map(({ name }) => ({
    name,
    cpuMilliseconds: typical(samples, name, 'cpu'),
    wallMilliseconds: typical(samples, name, 'wall'),
    cpuOverBare: difference(samples, name, bareOf(name), 'cpu'),
    cpuToBare: ratio(samples, name, bareOf(name), 'cpu'),
  }));
  const moonshotai = rows.find(({ name }) => name === MOONSHOTAI).cpuToBare;
  return {
    rows,
    tables: [
      table(
        `doGenerate, each (samples of ${plan.repeats})`,
        ['', 'CPU ms', 'wall ms', 'CPU over bare ms', 'CPU x bare'],
        rows.map(row => [
          row.name,
          fixed(row.cpuMilliseconds, 3),
          fixed(row.wallMilliseconds, 3),
          signed(row.cpuOverBare, 3),
          fixed(row.cpuToBare, 2),
        ]),
      ),
    ],
    targets: rows
      .filter(({ name }) => name.startsWith('ours'))
      .map(({ name, cpuToBare }) =>
        limit(`100 doGenerate, CPU, ${name.slice('ours '.length)}`, cpuToBare, LIMITS.answer, 'x', { moonshotai }),
      ),
  };
}

/** The same with a prompt of 400 kB: as one text, and as a conversation of 100 messages. */
export async function largePrompts({ build, origin, plan }) {
  const result = { rows: [], tables: [], targets: [] };
  for (const [shape, prompt] of Object.entries(largePromptsByShape())) {
    const models = contenders(build, { origin, path: 'batched/0' });
    const cases = [
      { name: BARE, run: () => generate(models.bare, prompt) },
      { name: MOONSHOTAI, run: () => generate(models.moonshotai, prompt) },
      ...Object.entries(models.key).map(([version, model]) => ({
        name: `ours ${version}`,
        run: () => generate(model, prompt),
      })),
      { name: BARE_MESSAGES, run: () => generate(models.anthropic, prompt) },
      { name: 'ours V4, messages', run: () => generate(models.messages.V4, prompt) },
    ];
    const samples = await measure(cases, plan);
    const rows = cases.map(({ name }) => ({
      shape,
      name,
      cpuMilliseconds: typical(samples, name, 'cpu'),
      wallMilliseconds: typical(samples, name, 'wall'),
      cpuToBare: ratio(samples, name, bareOf(name), 'cpu'),
    }));
    const toBare = wanted => rows.find(({ name }) => name === wanted).cpuToBare;
    result.rows.push(...rows);
    result.targets.push(
      limit(`10 doGenerate of 400 kB, ${shape}`, toBare('ours V4'), LIMITS.prompt, 'x', {
        moonshotai: toBare(MOONSHOTAI),
      }),
      limit(`10 doGenerate of 400 kB, ${shape}, messages`, toBare('ours V4, messages'), LIMITS.prompt, 'x'),
    );
    result.tables.push(
      table(
        `doGenerate with a prompt of 400 kB, ${shape}, each (samples of ${plan.repeats})`,
        ['', 'CPU ms', 'wall ms', 'CPU x bare'],
        rows.map(row => [
          row.name,
          fixed(row.cpuMilliseconds, 2),
          fixed(row.wallMilliseconds, 2),
          fixed(row.cpuToBare, 2),
        ]),
      ),
    );
  }
  return result;
}

function largePromptsByShape() {
  const message = (role, bytes) => ({ role, content: [{ type: 'text', text: text(bytes) }] });
  return {
    'one text': [message('user', PROMPT_BYTES)],
    '100 messages': Array.from({ length: 100 }, (_, index) =>
      message(index % 2 === 0 ? 'user' : 'assistant', PROMPT_BYTES / 100),
    ),
  };
}

/** Prose of so many bytes. */
export function text(bytes) {
  return SENTENCE.repeat(Math.ceil(bytes / SENTENCE.length)).slice(0, bytes);
}

/** From the call of `doStream` until the first delta is read, of a server that answers at once. */
export async function firstDeltas({ build, origin, plan }) {
  const place = { origin, path: 'paced/20' };
  const models = contenders(build, place);
  const cases = [
    { name: RAW, run: clock => parse(place, once(clock.stop)) },
    { name: BARE, run: clock => firstDelta(models.bare, clock) },
    { name: MOONSHOTAI, run: clock => firstDelta(models.moonshotai, clock) },
    { name: BARE_MESSAGES, run: clock => firstDelta(models.anthropic, clock) },
    ...ours(models, firstDelta),
  ];
  const samples = await measure(cases, plan);
  const rows = cases.map(({ name }) => ({
    name,
    milliseconds: typical(samples, name, 'part'),
    overBare: difference(samples, name, bareOf(name), 'part'),
    cpuMilliseconds: typical(samples, name, 'partCpu'),
    cpuOverBare: difference(samples, name, bareOf(name), 'partCpu'),
  }));
  return {
    rows,
    tables: [
      table(
        `Time to first delta (medians of samples of ${plan.repeats})`,
        ['', 'ms', 'over bare ms', 'CPU ms', 'CPU over bare ms'],
        rows.map(row => [
          row.name,
          fixed(row.milliseconds, 3),
          signed(row.overBare, 3),
          fixed(row.cpuMilliseconds, 3),
          signed(row.cpuOverBare, 3),
        ]),
      ),
    ],
    targets: rows
      .filter(({ name }) => name.startsWith('ours V4'))
      .map(({ name, overBare }) =>
        limit(
          `First delta, over bare, ${name.slice('ours V4, '.length)}`,
          overBare,
          LIMITS.firstDeltaMilliseconds,
          'ms',
          { moonshotai: rows.find(row => row.name === MOONSHOTAI).overBare },
        ),
      ),
  };
}

function firstDelta(model, clock) {
  const stop = once(clock.stop);
  return readModel(model, part => {
    if (isDelta(part)) {
      stop();
    }
  });
}

function once(callback) {
  let isDone = false;
  return () => {
    if (!isDone) {
      isDone = true;
      callback();
    }
  };
}
