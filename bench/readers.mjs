/**
 * How an answer is asked for and read to its end, by hand and through a model. Loads no SDK, so that heap-child.mjs
 * holds only what it measures.
 */
import { fetchOneEventPerRead } from './one-event-per-read.mjs';

export const MODEL = 'kimi-for-coding';
/** The server lets in this key and the session's token, and nobody else. */
export const KEY = 'bench-key';

const SHORT_PROMPT = [{ role: 'user', content: [{ type: 'text', text: 'Say hello.' }] }];

/**
 * The ways in which a stream arrives. `path` is the mode of server.mjs.
 *
 * - `batched`: in pieces of 16 kB, as a fast server behind a proxy sends them
 * - `packets`: each event is a packet, 25 us apart; what has arrived while nobody read is read together, as Node's
 *   fetch does, so that a reader that lags behind sees fewer and larger pieces
 * - `single`: each event is read by itself, also by a reader that lags behind (one-event-per-read.mjs)
 */
export const ARRIVALS = {
  batched: { title: 'batched', path: 'batched', fetch: globalThis.fetch },
  packets: { title: 'one event a packet', path: 'paced', fetch: globalThis.fetch },
  single: { title: 'one event a read', path: 'single', fetch: fetchOneEventPerRead },
};

/** Those of many streams at once. */
export const AT_ONCE = ['batched', 'packets'];

/** A request made by hand, the floor under everybody's. */
export function post({ origin, path, fetch = globalThis.fetch, stream }) {
  return fetch(`${origin}/${path}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}` },
    body: JSON.stringify({ model: MODEL, messages: [{ role: 'user', content: 'Say hello.' }], stream }),
  });
}

/** @returns how many characters the answer has */
export async function generate(model, prompt = SHORT_PROMPT, options = {}) {
  const { content } = await model.doGenerate({ prompt, ...options });
  return content.find(part => part.type === 'text').text.length;
}

/** @param {() => void} [onPart] called for each part that is read */
export async function readAtOnce(model, count, onPart) {
  const characters = await Promise.all(Array.from({ length: count }, () => readModel(model, onPart)));
  return characters.reduce((sum, each) => sum + each, 0);
}

export async function drain(place) {
  const { body } = await post({ ...place, stream: true });
  let length = 0;
  for await (const bytes of body) {
    length += bytes.length;
  }
  return length;
}

/** The least that anyone can do by hand: decode, cut at blank lines, parse, look at the delta. */
export async function parse(place, onDelta) {
  const { body } = await post({ ...place, stream: true });
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
        const text = delta?.content ?? delta?.reasoning_content ?? '';
        characters += text.length;
        if (text !== '') {
          onDelta?.();
        }
      }
    }
  }
  return characters;
}

/** @param {(part: object) => void} [onPart] */
export async function readModel(model, onPart) {
  const { stream } = await model.doStream({ prompt: SHORT_PROMPT });
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
    characters += isDelta(value) ? value.delta.length : 0;
    onPart?.(value);
  }
}

export function isDelta({ type }) {
  return type === 'text-delta' || type === 'reasoning-delta';
}
