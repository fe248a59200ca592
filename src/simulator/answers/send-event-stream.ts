import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import type { Exchange } from '../exchange';
import type { SimulatorState } from '../simulator-state';
import type { ScriptedAnswer } from './scripted-answer';

/** One server-sent event. */
export type StreamEvent = { event?: string; data: string };

/** A stream as one wire has it: what is said, the mark of its end, and how it breaks. */
export type AnswerStream = {
  events: readonly StreamEvent[];
  end: StreamEvent;
  error(error: NonNullable<ScriptedAnswer['errorAfterChunks']>['error']): StreamEvent;
  /** In place of an event, something that is not JSON. */
  malformed: StreamEvent;
  /** Whether a space stands behind the colon of a field, unless the script says. */
  hasSpaces: boolean;
};

/** Sends a stream as server-sent events, with all the oddities that the script or a fault asks for. */
export async function sendEventStream(
  exchange: Exchange,
  { closing, chunkDelayMs: usualDelayMs }: Pick<SimulatorState, 'closing' | 'chunkDelayMs'>,
  answer: ScriptedAnswer,
  { events, end, error, malformed, hasSpaces }: AnswerStream,
): Promise<void> {
  const chunkDelayMs = answer.chunkDelayMs ?? usualDelayMs;
  const newLine = answer.lineEnding ?? '\n';
  const colon = (answer.spaces ?? hasSpaces) ? ': ' : ':';
  const fault = exchange.fault?.malformedChunk;
  const malformedAt = answer.malformedChunkAt ?? (fault === true ? 1 : fault === false ? undefined : fault);
  const stopAt = Math.min(answer.cutAfterChunks ?? Infinity, answer.errorAfterChunks?.chunks ?? Infinity);
  const write = packetWriter(exchange, answer.packetBytes);
  const textOf = ({ event, data }: StreamEvent): string =>
    [
      ...(answer.keepAlive ? [': keep-alive', ''] : []),
      ...(event === undefined ? [] : [`event${colon}${event}`]),
      `data${colon}${data}`,
      '',
      '',
    ].join(newLine);
  const send = (event: StreamEvent): Promise<void> => write(textOf(event));

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
    if (chunkDelayMs !== undefined) {
      await delay(chunkDelayMs, undefined, { signal: closing });
    }
    if (index === malformedAt) {
      await send(malformed);
    }
    if (index === 1 && (await exchange.failWithin('event', Buffer.from(textOf(event))))) {
      return;
    }
    await send(event);
  }
  if (exchange.failAt('last-event')) {
    return;
  }
  if (answer.cutAfterChunks !== undefined) {
    exchange.destroy();
    return;
  }
  if (answer.errorAfterChunks) {
    await send(error(answer.errorAfterChunks.error));
  } else if (answer.done !== false) {
    await send(end);
  }
  await exchange.end();
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
