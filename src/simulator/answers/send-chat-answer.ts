import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import type { Exchange } from '../exchange';
import { ANSWER_RULES } from '../rules/answer-rules';
import type { ChatSubject } from '../rules/simulator-rule';
import type { SimulatorState } from '../simulator-state';
import { answerParts, chatCompletion, chatEvents, chatUsage, type FilledPart } from './chat-answer';
import type { ScriptedAnswer } from './scripted-answer';

/** Sends one answer of chat completions, streamed or not as the request asks. */
export async function sendChatAnswer(
  exchange: Exchange,
  state: SimulatorState,
  subject: ChatSubject,
  answer: ScriptedAnswer,
): Promise<void> {
  if (answer.delayMs !== undefined) {
    await delay(answer.delayMs, undefined, { signal: state.closing });
  }
  if (answer.status !== undefined) {
    const retryAfter = answer.retryAfter === undefined ? {} : { 'retry-after': String(answer.retryAfter) };
    await exchange.reply(
      answer.status,
      answer.body ?? { error: { message: `Scripted status ${answer.status}`, type: 'simulated_error' } },
      {
        ...retryAfter,
        ...answer.headers,
      },
    );
    return;
  }
  const { body, request } = subject;
  const parts = answerParts(answer, body);
  const usage = chatUsage(answer, parts, subject, state.promptsByCacheKey);
  const head = {
    id: `chatcmpl-${randomUUID()}`,
    created: Math.floor(state.clock.now() / 1000),
    model: answer.model ?? String(body.model),
  };
  const streamed = body.stream === true;
  const usageAt = answer.usageAt ?? (streamed ? state.usageAt : 'top-level');
  request.answeredRules.push(...answeredRules(parts, streamed, usage && usageAt));
  if (!streamed) {
    await exchange.reply(200, chatCompletion(answer, parts, head, usage, body.logprobs === true), answer.headers);
    return;
  }
  await sendEventStream(
    exchange,
    state.closing,
    answer,
    chatEvents(answer, parts, head, usage, usageAt, body.logprobs === true),
  );
}

function answeredRules(parts: readonly FilledPart[], streamed: boolean, usageAt: string | undefined): string[] {
  return [
    streamed ? ANSWER_RULES.stream : ANSWER_RULES.completion,
    ANSWER_RULES.traceId,
    ...(parts.some(part => part.type === 'reasoning') ? [ANSWER_RULES.reasoning] : []),
    ...(parts.some(part => part.type === 'tool-call') ? [ANSWER_RULES.toolCalls] : []),
    ...(usageAt === undefined ? [] : [ANSWER_RULES.cachedTokens]),
    ...(usageAt === 'choice' || usageAt === 'both' ? [ANSWER_RULES.usageOnChoice] : []),
    ...(usageAt === 'top-level' || usageAt === 'both' ? [ANSWER_RULES.usageAtTop] : []),
  ].map(({ rule }) => rule);
}

const NOT_JSON = '{"id":"chatcmpl-malformed","choices":[{"delta":{"content":';

/** Sends `events` as server-sent events, with all the oddities that the script or a fault asks for. */
async function sendEventStream(
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
  const textOf = (data: string): string =>
    `${answer.keepAlive ? `: keep-alive${newLine}${newLine}` : ''}data: ${data}${newLine}${newLine}`;
  const send = (data: string): Promise<void> => write(textOf(data));

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
    const data = JSON.stringify(event);
    if (index === 1 && (await exchange.failWithin('event', Buffer.from(textOf(data))))) {
      return;
    }
    await send(data);
  }
  if (exchange.failAt('last-event')) {
    return;
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
