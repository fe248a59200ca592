import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Exchange } from '../exchange';
import { ANSWER_RULES } from '../rules/answer-rules';
import type { ChatSubject } from '../rules/chat-rule';
import type { SimulatorState } from '../simulator-state';
import { answerParts, type FilledPart } from './answer-parts';
import { chatCompletion } from './chat-completion';
import { chatEvents } from './chat-events';
import { chatUsage } from './chat-usage';
import type { ScriptedAnswer } from './scripted-answer';
import { sendEventStream } from './send-event-stream';

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
    await exchange.reply(200, chatCompletion(answer, parts, head, usage), answer.headers);
    return;
  }
  await sendEventStream(exchange, state.closing, answer, chatEvents(answer, parts, head, usage, usageAt));
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
