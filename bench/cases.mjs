/**
 * What is measured: every way to read a chat stream, and every way to ask for one answer. All get the same bytes from
 * the same server.
 */
import { createMoonshotAI } from '@ai-sdk/moonshotai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { streamText as streamText7 } from 'ai';
import { streamText as streamText5 } from 'ai-v5';
import { streamText as streamText6 } from 'ai-v6';

const MODEL = 'kimi-for-coding';
const PROMPT = [{ role: 'user', content: [{ type: 'text', text: 'Say hello.' }] }];

export const RAW = 'raw SSE + JSON.parse';
export const BARE = 'doStream bare openai-compatible';
export const BARE_REQUEST = 'doGenerate bare openai-compatible';
export const oursStream = face => `doStream ours ${face}`;
export const oursRequest = face => `doGenerate ours ${face}`;

function models(baseURL, fetch, faces) {
  const apiKey = 'bench-key';
  return {
    bare: createOpenAICompatible({ name: 'kimi', baseURL, apiKey, fetch, includeUsage: true }).chatModel(MODEL),
    moonshotai: createMoonshotAI({ baseURL, apiKey, fetch })(MODEL),
    ours: Object.fromEntries(
      Object.entries(faces).map(([face, { createKimi }]) => [face, createKimi({ baseURL, apiKey, fetch })(MODEL)]),
    ),
  };
}

/**
 * @returns {Array<{ name: string, run(): Promise<number> }>} `run` reads one stream to its end and gives back how many
 * characters it carried.
 */
export function streamCases(baseURL, fetch, faces) {
  const { bare, moonshotai, ours } = models(baseURL, fetch, faces);
  return [
    { name: RAW, run: () => readRaw(baseURL, fetch) },
    { name: BARE, run: () => readModel(bare) },
    { name: 'doStream @ai-sdk/moonshotai', run: () => readModel(moonshotai) },
    ...Object.entries(ours).map(([face, model]) => ({ name: oursStream(face), run: () => readModel(model) })),
    { name: 'streamText ai@7, bare openai-compatible', run: () => readText(streamText7, bare) },
    { name: 'streamText ai@7, @ai-sdk/moonshotai', run: () => readText(streamText7, moonshotai) },
    { name: 'streamText ai@5, ours V2', run: () => readText(streamText5, ours.V2) },
    { name: 'streamText ai@6, ours V3', run: () => readText(streamText6, ours.V3) },
    { name: 'streamText ai@7, ours V4', run: () => readText(streamText7, ours.V4) },
  ];
}

/** As {@link streamCases}, for one whole answer. */
export function requestCases(baseURL, faces) {
  const { bare, ours } = models(baseURL, fetch, faces);
  return [
    {
      name: 'raw fetch + json',
      run: async () => (await (await post(baseURL, fetch, false)).json()).choices[0].message.content.length,
    },
    { name: BARE_REQUEST, run: () => generate(bare) },
    ...Object.entries(ours).map(([face, model]) => ({ name: oursRequest(face), run: () => generate(model) })),
  ];
}

function post(baseURL, fetch, stream) {
  return fetch(`${baseURL}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer bench-key' },
    body: JSON.stringify({ model: MODEL, messages: [{ role: 'user', content: 'Say hello.' }], stream }),
  });
}

/** The least that anyone can do by hand: decode, cut at blank lines, parse, look at the delta. */
async function readRaw(baseURL, fetch) {
  const { body } = await post(baseURL, fetch, true);
  const decoder = new TextDecoder();
  let rest = '';
  let characters = 0;
  for await (const bytes of body) {
    const events = (rest + decoder.decode(bytes, { stream: true })).split('\n\n');
    rest = events.pop();
    for (const event of events) {
      const data = event.slice('data: '.length);
      if (data !== '[DONE]') {
        const delta = JSON.parse(data).choices[0]?.delta;
        characters += (delta?.content ?? delta?.reasoning_content ?? '').length;
      }
    }
  }
  return characters;
}

async function readModel(model) {
  const { stream } = await model.doStream({ prompt: PROMPT });
  const reader = stream.getReader();
  let characters = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      return characters;
    }
    if (value.type === 'error') {
      throw value.error;
    }
    characters += value.type === 'text-delta' || value.type === 'reasoning-delta' ? value.delta.length : 0;
  }
}

async function readText(streamText, model) {
  let characters = 0;
  for await (const part of streamText({ model, prompt: 'Say hello.', maxRetries: 0 }).fullStream) {
    if (part.type === 'error') {
      throw part.error;
    }
    characters += part.type === 'text-delta' || part.type === 'reasoning-delta' ? part.text.length : 0;
  }
  return characters;
}

async function generate(model) {
  const { content } = await model.doGenerate({ prompt: PROMPT });
  return content.find(part => part.type === 'text').text.length;
}
