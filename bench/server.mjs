/**
 * The other end of the benchmark, in a process of its own so that its work is not counted. Answers every POST under
 * `/<mode>/<chunks>/`, on both wires: a stream of that many deltas when the body asks for one, else one JSON answer. A
 * GET gets the list of models.
 *
 * - `batched`: writes of 16 kB, as a fast server behind a proxy sends them
 * - `single`: one event per write, as fast as it goes
 * - `paced`: one event per write, each in a turn of the event loop of its own and 25 us after the one before: a packet
 *   of its own on loopback, at a pace that a reader of parts keeps up with and `streamText` does not
 *
 * Only the key and the token of contenders.mjs are let in. Anything else that is asked, such as a refresh of the token,
 * is told to the parent: it would be measured, too. Sends its port to the parent once it listens, and ends with it.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';

const PACE_MILLISECONDS = 0.025;
const WRITE_BYTES = 16 * 1024;
const REASONING_SHARE = 0.3;
const FRAME = {
  id: 'chatcmpl-bench',
  object: 'chat.completion.chunk',
  created: 1763700000,
  model: 'kimi-for-coding',
  system_fingerprint: 'fpv0_bench',
};
const USAGE = { prompt_tokens: 12, completion_tokens: 2000, total_tokens: 2012, cached_tokens: 4 };
const ANSWER = JSON.stringify({
  ...FRAME,
  object: 'chat.completion',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', reasoning_content: 'It is short.', content: 'Hello there.' },
      finish_reason: 'stop',
    },
  ],
  usage: USAGE,
});

const MESSAGE = {
  id: 'msg-bench',
  type: 'message',
  role: 'assistant',
  model: 'kimi-for-coding',
  stop_sequence: null,
  usage: { input_tokens: 8, cache_read_input_tokens: 4, output_tokens: 0 },
};
const MESSAGES_ANSWER = JSON.stringify({
  ...MESSAGE,
  content: [
    { type: 'thinking', thinking: 'It is short.', signature: 'c2ln' },
    { type: 'text', text: 'Hello there.' },
  ],
  stop_reason: 'end_turn',
});

const MODELS = JSON.stringify({
  data: [{ id: 'kimi-for-coding', context_length: 262144, supports_reasoning: true, supports_image_in: true }],
});

const writesByPath = new Map();

const server = createServer(async (request, response) => {
  const isMessages = /\/messages(\?beta=true)?$/.test(request.url);
  const isKnown = request.method === 'GET' || isMessages || request.url.endsWith('/chat/completions');
  if (!isKnown || !/^Bearer bench-(key|token)$/.test(request.headers.authorization)) {
    process.send({ unexpected: `${request.method} ${request.url}` });
    response.writeHead(401).end();
    return;
  }
  if (request.method === 'GET') {
    response.writeHead(200, { 'content-type': 'application/json' }).end(MODELS);
    return;
  }
  const pieces = [];
  for await (const piece of request) {
    pieces.push(piece);
  }
  if (!JSON.parse(Buffer.concat(pieces)).stream) {
    response.writeHead(200, { 'content-type': 'application/json' }).end(isMessages ? MESSAGES_ANSWER : ANSWER);
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const { mode, writes } = writesFor(request.url, isMessages);
  await (mode === 'paced' ? writePaced(response, writes) : pipeline(Readable.from(writes), response));
});

async function writePaced(response, writes) {
  for (const bytes of writes) {
    const next = performance.now() + PACE_MILLISECONDS;
    if (!response.write(bytes)) {
      await once(response, 'drain');
    }
    do {
      await setImmediate();
    } while (performance.now() < next);
  }
  response.end();
}

function writesFor(url, isMessages) {
  const [, mode, chunks] = url.split('/');
  const key = `${mode}/${chunks}/${isMessages}`;
  let writes = writesByPath.get(key);
  if (writes === undefined) {
    const events = isMessages ? messagesEventsOf(Number(chunks)) : eventsOf(Number(chunks));
    writes = mode === 'batched' ? slices(Buffer.from(events.join(''))) : events.map(each => Buffer.from(each));
    writesByPath.set(key, writes);
  }
  return { mode, writes };
}

function eventsOf(chunks) {
  const events = [];
  for (let index = 0; index < chunks; index++) {
    const field = index < chunks * REASONING_SHARE ? 'reasoning_content' : 'content';
    events.push(event({ choices: [{ index: 0, delta: { [field]: ` token ${index}` }, finish_reason: null }] }));
  }
  events.push(
    event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop', usage: USAGE }] }),
    event({ choices: [], usage: USAGE }),
    'data: [DONE]\n\n',
  );
  return events;
}

/** The same words on the Anthropic wire. */
function messagesEventsOf(chunks) {
  const events = [messagesEvent({ type: 'message_start', message: { ...MESSAGE, content: [], stop_reason: null } })];
  const firstText = Math.ceil(chunks * REASONING_SHARE);
  for (let index = 0; index < chunks; index++) {
    const block = index < firstText ? 0 : 1;
    const [type, field] = block === 0 ? ['thinking', 'thinking'] : ['text', 'text'];
    if (index === 0 || index === firstText) {
      events.push(
        ...(block === 1 && index > 0 ? [messagesEvent({ type: 'content_block_stop', index: 0 })] : []),
        messagesEvent({ type: 'content_block_start', index: block, content_block: { type, [field]: '' } }),
      );
    }
    const delta = { type: `${type}_delta`, [field]: ` token ${index}` };
    events.push(messagesEvent({ type: 'content_block_delta', index: block, delta }));
  }
  events.push(
    messagesEvent({ type: 'content_block_stop', index: 1 }),
    messagesEvent({
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { output_tokens: 2000 },
    }),
    messagesEvent({ type: 'message_stop' }),
  );
  return events;
}

function messagesEvent(event) {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

function event(chunk) {
  return `data: ${JSON.stringify({ ...FRAME, ...chunk })}\n\n`;
}

function slices(bytes) {
  const pieces = [];
  for (let start = 0; start < bytes.length; start += WRITE_BYTES) {
    pieces.push(bytes.subarray(start, start + WRITE_BYTES));
  }
  return pieces;
}

process.on('disconnect', () => process.exit(0));
// No limit of time ends a connection from this side: 64 streams keep the reader busy for seconds, on a busy machine for
// minutes, and it must not find closed what it is about to use.
server.keepAliveTimeout = server.headersTimeout = server.requestTimeout = 0;
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
