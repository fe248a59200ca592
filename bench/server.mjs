/**
 * The other end of the benchmark, in a process of its own so that its work is not counted. Answers every POST under
 * `/<mode>/<chunks>/`: a chat stream of that many deltas when the body asks for one, else one JSON answer. A GET gets
 * the list of models.
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

const MODELS = JSON.stringify({
  data: [{ id: 'kimi-for-coding', context_length: 262144, supports_reasoning: true, supports_image_in: true }],
});

const writesByPath = new Map();

const server = createServer(async (request, response) => {
  const isKnown = request.method === 'GET' || request.url.endsWith('/chat/completions');
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
    response.writeHead(200, { 'content-type': 'application/json' }).end(ANSWER);
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const { mode, writes } = writesFor(request.url);
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

function writesFor(url) {
  const [, mode, chunks] = url.split('/');
  const key = `${mode}/${chunks}`;
  let writes = writesByPath.get(key);
  if (writes === undefined) {
    const events = eventsOf(Number(chunks));
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
