import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { errorBodyOf } from '../error-body';
import type { Exchange } from '../exchange';
import { ANSWER_RULES } from '../rules/answer-rules';
import type { ChatSubject } from '../rules/simulator-rule';
import type { SimulatorState } from '../simulator-state';
import { answerParts, countsOf, type FilledPart } from './answer-parts';
import { chatCompletion, chatStream, chatUsage } from './chat-answer';
import { messageOf, messageStream, messagesUsage } from './messages-answer';
import type { ScriptedAnswer } from './scripted-answer';
import { sendEventStream } from './send-event-stream';

/** Sends one answer in the words of the wire that was asked, streamed or not as the request wants it. */
export async function sendAnswer(
  exchange: Exchange,
  state: SimulatorState,
  subject: ChatSubject,
  answer: ScriptedAnswer,
): Promise<void> {
  const { body, request } = subject;
  if (answer.delayMs !== undefined) {
    await delay(answer.delayMs, undefined, { signal: state.closing });
  }
  if (answer.status !== undefined) {
    const retryAfter = answer.retryAfter === undefined ? {} : { 'retry-after': String(answer.retryAfter) };
    const said = answer.body ?? { error: { message: `Scripted status ${answer.status}`, type: 'simulated_error' } };
    await exchange.reply(answer.status, errorBodyOf(request.wire, answer.status, said), {
      ...retryAfter,
      ...answer.headers,
    });
    return;
  }
  const parts = answerParts(answer, body);
  const counts = countsOf(answer, parts, subject, state.promptsByCacheKey);
  const model = answer.model ?? String(body.model);
  const streamed = body.stream === true;
  if (request.wire === 'messages') {
    const usage = counts && messagesUsage(counts);
    const head = { id: `msg_${randomUUID()}`, model };
    request.answeredRules.push(...messagesRules(answer, parts, streamed, counts !== undefined));
    await (streamed
      ? sendEventStream(exchange, state, answer, messageStream(answer, parts, head, usage))
      : exchange.reply(200, messageOf(answer, parts, head, usage), answer.headers));
    return;
  }
  const usage = counts && chatUsage(answer, counts);
  const usageAt = answer.usageAt ?? (streamed ? state.usageAt : 'top-level');
  const head = { id: `chatcmpl-${randomUUID()}`, created: Math.floor(state.clock.now() / 1000), model };
  request.answeredRules.push(...chatRules(parts, streamed, usage && usageAt));
  const hasLogprobs = body.logprobs === true;
  await (streamed
    ? sendEventStream(exchange, state, answer, chatStream(answer, parts, head, usage, usageAt, hasLogprobs))
    : exchange.reply(200, chatCompletion(answer, parts, head, usage, hasLogprobs), answer.headers));
}

function chatRules(parts: readonly FilledPart[], streamed: boolean, usageAt: string | undefined): string[] {
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

function messagesRules(
  answer: ScriptedAnswer,
  parts: readonly FilledPart[],
  streamed: boolean,
  hasUsage: boolean,
): string[] {
  const thinks = parts.some(part => part.type === 'reasoning') && answer.signed !== false;
  return [
    streamed ? ANSWER_RULES.messageStream : ANSWER_RULES.message,
    ANSWER_RULES.traceId,
    ...(thinks ? [ANSWER_RULES.signedThinking] : []),
    ...(parts.some(part => part.type === 'tool-call') ? [ANSWER_RULES.toolUse] : []),
    ...(hasUsage ? [ANSWER_RULES.messagesUsage] : []),
  ].map(({ rule }) => rule);
}
