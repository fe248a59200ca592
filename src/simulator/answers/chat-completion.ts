import { finishReasonOf, type FilledPart } from './answer-parts';
import type { ScriptedAnswer } from './scripted-answer';

/** The body of a chat completion that is not streamed. */
export function chatCompletion(
  answer: ScriptedAnswer,
  parts: readonly FilledPart[],
  head: { id: string; created: number; model: string },
  usage: Record<string, unknown> | undefined,
): Record<string, unknown> {
  const join = (type: 'reasoning' | 'text'): string | undefined => {
    const texts = parts
      .filter(part => part.type !== 'tool-call')
      .filter(part => part.type === type)
      .map(part => part.text);
    return texts.length > 0 ? texts.join('') : undefined;
  };
  const reasoning = join('reasoning');
  const calls = parts.filter(part => part.type === 'tool-call');
  return {
    ...head,
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: join('text') ?? '',
          ...(reasoning === undefined ? {} : { reasoning_content: reasoning }),
          ...(calls.length > 0 && {
            tool_calls: calls.map((call, index) => ({
              index,
              id: call.id,
              type: 'function',
              function: { name: call.name, arguments: call.arguments },
            })),
          }),
        },
        finish_reason: finishReasonOf(answer, parts),
        ...(usage && (answer.usageAt === 'choice' || answer.usageAt === 'both') && { usage }),
      },
    ],
    ...(usage && answer.usageAt !== 'choice' && { usage }),
  };
}
