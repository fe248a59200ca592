/**
 * Every way to read a chat stream: alone, in three ways of arriving, and 64 at once. The floors are `raw drain`, which
 * reads all bytes and looks at none, and `raw parse`, which cuts events and parses them.
 */
import { streamText as streamText7 } from 'ai';
import { streamText as streamText5 } from 'ai-v5';
import { streamText as streamText6 } from 'ai-v6';
import { contenders } from './contenders.mjs';
import { measure, ratio, typical } from './measure.mjs';
import { ARRIVALS, AT_ONCE, drain, isDelta, parse, readAtOnce, readModel } from './readers.mjs';
import { fixed, limit, table } from './report.mjs';

const DRAIN = 'raw drain';
const PARSE = 'raw parse';
const BARE = 'doStream bare openai-compatible';
const BARE_TEXT = 'streamText ai@7, bare openai-compatible';
const BARE_MESSAGES = 'doStream bare anthropic';
const BARE_MESSAGES_TEXT = 'streamText ai@7, bare anthropic';
const OURS = 'doStream ours V4';
const OURS_TEXT = 'streamText ai@7, ours V4';
const OURS_MESSAGES = 'doStream ours V4, messages';
const OURS_MESSAGES_TEXT = 'streamText ai@7, ours V4, messages';

/** What a case is compared with: the wrapped model of its wire, read in the same way. */
function bareOf(name) {
  const isText = name.startsWith('streamText');
  return /messages|anthropic/.test(name) ? (isText ? BARE_MESSAGES_TEXT : BARE_MESSAGES) : isText ? BARE_TEXT : BARE;
}

const TITLES = {
  [OURS]: 'doStream',
  [OURS_TEXT]: 'streamText on 7',
  [OURS_MESSAGES]: 'doStream, messages',
  [OURS_MESSAGES_TEXT]: 'streamText on 7, messages',
};

/**
 * CPU, as ratios to bare, of V4, which is what bare speaks. Where there is nothing to gain, what is reached must stay:
 * 0.23 and 0.12, and 5 % of noise.
 */
const LIMITS = {
  'batched/2000': { [OURS]: 0.24, [OURS_TEXT]: 0.13, [OURS_MESSAGES]: 0.35 },
  'batched/20000': { [OURS]: 0.18, [OURS_TEXT]: 0.13 },
  'packets/2000': { [OURS]: 0.85, [OURS_TEXT]: 0.28, [OURS_MESSAGES]: 1 },
};
const AT_ONCE_LIMIT = 0.65;

function streamCases(build, place) {
  const { bare, moonshotai, key, anthropic, messages } = contenders(build, place);
  return [
    { name: DRAIN, reads: 'bytes', run: () => drain(place) },
    { name: PARSE, run: () => parse(place) },
    { name: BARE, run: () => readModel(bare) },
    { name: 'doStream @ai-sdk/moonshotai', run: () => readModel(moonshotai) },
    ...Object.entries(key).map(([version, model]) => ({
      name: `doStream ours ${version}`,
      run: () => readModel(model),
    })),
    { name: BARE_MESSAGES, run: () => readModel(anthropic) },
    ...Object.entries(messages).map(([version, model]) => ({
      name: `doStream ours ${version}, messages`,
      run: () => readModel(model),
    })),
    { name: BARE_MESSAGES_TEXT, run: () => readText(streamText7, anthropic) },
    { name: OURS_MESSAGES_TEXT, run: () => readText(streamText7, messages.V4) },
    { name: BARE_TEXT, run: () => readText(streamText7, bare) },
    { name: 'streamText ai@7, @ai-sdk/moonshotai', run: () => readText(streamText7, moonshotai) },
    { name: 'streamText ai@5, ours V2', run: () => readText(streamText5, key.V2) },
    { name: 'streamText ai@6, ours V3', run: () => readText(streamText6, key.V3) },
    { name: OURS_TEXT, run: () => readText(streamText7, key.V4) },
  ];
}

/** One stream after the other. "x bare" of a `streamText` is to `streamText` of the wrapped model of its wire on ai@7. */
export async function streams({ build, origin, plan }) {
  const result = { rows: [], tables: [], targets: [] };
  for (const { arrival, chunks, ...rounds } of plan) {
    const { title, path, fetch } = ARRIVALS[arrival];
    const cases = streamCases(build, { origin, path: `${path}/${chunks}`, fetch });
    const samples = await measure(cases, rounds);
    const rows = cases.map(({ name }) => {
      const bare = bareOf(name);
      return {
        arrival,
        chunks,
        name,
        cpuMicrosecondsPerChunk: (typical(samples, name, 'cpu') * 1000) / chunks,
        wallMicrosecondsPerChunk: (typical(samples, name, 'wall') * 1000) / chunks,
        cpuToDrain: ratio(samples, name, DRAIN, 'cpu'),
        cpuToParse: ratio(samples, name, PARSE, 'cpu'),
        cpuToBare: ratio(samples, name, bare, 'cpu'),
        wallToBare: ratio(samples, name, bare, 'wall'),
      };
    });
    result.rows.push(...rows);
    for (const [name, most] of Object.entries(LIMITS[`${arrival}/${chunks}`] ?? {})) {
      const row = `${TITLES[name]}, ${title}`;
      const { cpuToBare } = rows.find(other => other.name === name);
      result.targets.push(limit(`${row}, ${chunks} chunks`, cpuToBare, most, 'x'));
    }
    result.tables.push(
      table(
        `Stream of ${chunks} chunks, ${title}`,
        ['', 'CPU us/chunk', 'wall us/chunk', 'CPU x drain', 'CPU x parse', 'CPU x bare', 'wall x bare'],
        rows.map(row => [
          row.name,
          fixed(row.cpuMicrosecondsPerChunk, 1),
          fixed(row.wallMicrosecondsPerChunk, 1),
          fixed(row.cpuToDrain, 1),
          ...[row.cpuToParse, row.cpuToBare, row.wallToBare].map(value => fixed(value, 2)),
        ]),
      ),
    );
  }
  return result;
}

/** Many streams at once, CPU. Their peak heap is measured in processes of their own (processes.mjs). */
export async function atOnce({ build, origin, plan }) {
  const result = { rows: [], tables: [], targets: [] };
  for (const arrival of AT_ONCE) {
    const { title, path, fetch } = ARRIVALS[arrival];
    const { bare, key, anthropic, messages } = contenders(build, { origin, path: `${path}/${plan.chunks}`, fetch });
    const cases = [
      { name: BARE, run: () => readAtOnce(bare, plan.streams) },
      { name: OURS, run: () => readAtOnce(key.V4, plan.streams) },
      { name: BARE_MESSAGES, run: () => readAtOnce(anthropic, plan.streams) },
      { name: OURS_MESSAGES, run: () => readAtOnce(messages.V4, plan.streams) },
    ];
    const samples = await measure(cases, { ...plan, repeats: 1 });
    const rows = cases.map(({ name }) => ({
      arrival,
      streams: plan.streams,
      chunks: plan.chunks,
      name,
      cpuMilliseconds: typical(samples, name, 'cpu'),
      wallMilliseconds: typical(samples, name, 'wall'),
      cpuToBare: ratio(samples, name, bareOf(name), 'cpu'),
    }));
    result.rows.push(...rows);
    result.targets.push(limit(`${plan.streams} streams at once, CPU, ${title}`, rows[1].cpuToBare, AT_ONCE_LIMIT, 'x'));
  }
  result.tables.push(
    table(
      `${plan.streams} streams at once, ${plan.chunks} chunks each`,
      ['', 'CPU ms', 'wall ms', 'CPU x bare'],
      result.rows.map(row => [
        `${row.name}, ${ARRIVALS[row.arrival].title}`,
        fixed(row.cpuMilliseconds, 0),
        fixed(row.wallMilliseconds, 0),
        fixed(row.cpuToBare, 2),
      ]),
    ),
  );
  return result;
}

async function readText(streamText, model) {
  let characters = 0;
  for await (const part of streamText({ model, prompt: 'Say hello.', maxRetries: 0 }).fullStream) {
    if (part.type === 'error') {
      throw part.error;
    }
    characters += isDelta(part) ? part.text.length : 0;
  }
  return characters;
}
