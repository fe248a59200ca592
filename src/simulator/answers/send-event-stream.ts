import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import type { Exchange } from '../exchange';
import type { ScriptedAnswer } from './scripted-answer';

const NOT_JSON = '{"id":"chatcmpl-malformed","choices":[{"delta":{"content":';

/** Sends `events` as server-sent events, with all the oddities that the script or a fault asks for. */
export async function sendEventStream(
  exchange: Exchange,
  closing: AbortSignal,
  answer: ScriptedAnswer,
  events: readonly object[],
): Promise<void> {
  const newLine = answer.lineEnding ?? '\n';
  const fault = exchange.fault?.malformedChunk;
  const malformedAt = answer.malformedChunkAt ?? (fault === true ? 1 : fault === false ? undefined : fault);
  const stopAt = Math.min(answer.cutAfterChunks ?? Infinity, answer.errorAfterChunks?.chunks ?? Infinity);
  const write = packetWriter(exchange, answer.packetBytes);
  const send = (data: string): Promise<void> =>
    write(`${answer.keepAlive ? `: keep-alive${newLine}${newLine}` : ''}data: ${data}${newLine}${newLine}`);

  exchange.begin(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
    ...answer.headers,
  });
  if (answer.byteOrderMark) {
    await write('\uFEFF');
  }
  for (const [index, event] of events.entries()) {
    if (index >= stopAt || exchange.closed) {
      break;
    }
    if (answer.chunkDelayMs !== undefined) {
      await delay(answer.chunkDelayMs, undefined, { signal: closing });
    }
    if (index === malformedAt) {
      await send(NOT_JSON);
    }
    await send(JSON.stringify(event));
  }
  if (answer.cutAfterChunks !== undefined) {
    exchange.destroy();
    return;
  }
  if (answer.errorAfterChunks) {
    await send(JSON.stringify({ error: answer.errorAfterChunks.error }));
  } else if (answer.done !== false) {
    await send('[DONE]');
  }
  exchange.end();
}

function packetWriter(exchange: Exchange, packetBytes: number | undefined): (text: string) => Promise<void> {
  return async text => {
    const bytes = Buffer.from(text);
    const size = packetBytes ?? bytes.length;
    for (let start = 0; start < bytes.length; start += size) {
      await exchange.write(bytes.subarray(start, start + size));
      if (packetBytes !== undefined) {
        // Lets a client in this process read before the next packet comes, or its buffers would join them.
        await nextTurn();
      }
    }
  };
}
