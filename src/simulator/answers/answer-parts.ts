import { toolCallsOf, type ChatBody } from '../rules/chat-rule';
import type { AnswerPart, ScriptedAnswer } from './scripted-answer';

export type FilledToolCall = Extract<AnswerPart, { type: 'tool-call' }> & { id: string; arguments: string };
export type FilledPart = Exclude<AnswerPart, { type: 'tool-call' }> | FilledToolCall;

/** The parts of an answer in order, tool calls with their id and arguments as text. */
export function answerParts(answer: ScriptedAnswer, body: ChatBody): FilledPart[] {
  const parts: readonly AnswerPart[] = answer.parts ?? [
    ...(answer.reasoning === undefined ? [] : [{ type: 'reasoning' as const, text: answer.reasoning }]),
    ...(answer.text === undefined ? [] : [{ type: 'text' as const, text: answer.text }]),
    ...(answer.toolCalls ?? []).map(call => ({ type: 'tool-call' as const, ...call })),
  ];
  let calls = body.messages.reduce((count, message) => count + toolCallsOf(message).length, 0);
  return parts.map(part => {
    if (part.type !== 'tool-call') {
      return part;
    }
    const given = part.arguments ?? {};
    return {
      ...part,
      id: part.id ?? `functions.${part.name}:${calls++}`,
      arguments: typeof given === 'string' ? given : JSON.stringify(given),
    };
  });
}

/** `tool_calls` where the answer has one, else `stop`. */
export function finishReasonOf(answer: ScriptedAnswer, parts: readonly FilledPart[]): string {
  return answer.finishReason ?? (parts.some(part => part.type === 'tool-call') ? 'tool_calls' : 'stop');
}
