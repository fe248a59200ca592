/** A scripted answer on the Anthropic wire: the events of a stream, or one message, and its usage. */
import { messagesStreamErrorType } from '../error-body';
import { signatureOf } from '../thinking-signature';
import { finishReasonOf, pieces, type AnswerCounts, type FilledPart } from './answer-parts';
import type { ScriptedAnswer } from './scripted-answer';
import type { AnswerStream, StreamEvent } from './send-event-stream';

type MessageHead = { id: string; model: string };
type MessagesUsage = Record<string, number>;

/** What the script calls the end of an answer in the words of chat; anything else goes out as it is. */
const STOP_REASONS: Readonly<Record<string, string>> = {
  stop: 'end_turn',
  tool_calls: 'tool_use',
  length: 'max_tokens',
  content_filter: 'refusal',
};

function stopReasonOf(answer: ScriptedAnswer, parts: readonly FilledPart[]): string {
  const reason = finishReasonOf(answer, parts);
  return STOP_REASONS[reason] ?? reason;
}

/** Cached tokens stand beside the others, not among them. */
export function messagesUsage({ prompt, cached, completion }: AnswerCounts): MessagesUsage {
  return {
    input_tokens: Math.max(0, prompt - cached),
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: cached,
    output_tokens: completion,
  };
}

/** The body of an answer that is not streamed. */
export function messageOf(
  answer: ScriptedAnswer,
  parts: readonly FilledPart[],
  head: MessageHead,
  usage: MessagesUsage | undefined,
): Record<string, unknown> {
  return {
    id: head.id,
    type: 'message',
    role: 'assistant',
    model: head.model,
    content: parts.map(part => wholeBlock(answer, part)),
    stop_reason: stopReasonOf(answer, parts),
    stop_sequence: null,
    ...(usage && { usage }),
  };
}

function wholeBlock(answer: ScriptedAnswer, part: FilledPart): Record<string, unknown> {
  switch (part.type) {
    case 'reasoning':
      return {
        type: 'thinking',
        thinking: part.text,
        ...(answer.signed === false ? {} : { signature: signatureOf(part.text) }),
      };
    case 'text':
      return { type: 'text', text: part.text };
    case 'tool-call':
      return { type: 'tool_use', id: part.id, name: part.name, input: parsed(part.arguments) };
  }
}

/** Arguments that are no JSON cannot be an input; they stay text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** The events of a streamed answer. */
export function messageStream(
  answer: ScriptedAnswer,
  parts: readonly FilledPart[],
  head: MessageHead,
  usage: MessagesUsage | undefined,
): AnswerStream {
  const message = { id: head.id, type: 'message', role: 'assistant', model: head.model, content: [] };
  return {
    events: [
      event('message_start', {
        message: {
          ...message,
          stop_reason: null,
          stop_sequence: null,
          ...(usage && { usage: { ...usage, output_tokens: 0 } }),
        },
      }),
      event('ping', {}),
      ...parts.flatMap((part, index) => blockEvents(answer, part, index)),
      event('message_delta', {
        delta: { stop_reason: stopReasonOf(answer, parts), stop_sequence: null },
        ...(usage && { usage }),
      }),
    ],
    end: event('message_stop', {}),
    error: ({ message: text, type }) =>
      event('error', { error: { type: messagesStreamErrorType(type), message: text } }),
    // As the coding service has it (docs/wire.md#anthropic-answers).
    hasSpaces: false,
    malformed: { event: 'content_block_delta', data: '{"type":"content_block_delta","index":0,"delta":{"text":' },
  };
}

function blockEvents(answer: ScriptedAnswer, part: FilledPart, index: number): StreamEvent[] {
  const size = answer.chunkSize ?? 12;
  const delta = (content: object): StreamEvent => event('content_block_delta', { index, delta: content });
  const block = (start: object, deltas: readonly StreamEvent[]): StreamEvent[] => [
    event('content_block_start', { index, content_block: start }),
    ...deltas,
    event('content_block_stop', { index }),
  ];
  switch (part.type) {
    case 'reasoning': {
      const deltas = pieces(part.text, size).map(thinking => delta({ type: 'thinking_delta', thinking }));
      return answer.signed === false
        ? block({ type: 'thinking', thinking: '' }, deltas)
        : block({ type: 'thinking', thinking: '', signature: '' }, [
            ...deltas,
            delta({ type: 'signature_delta', signature: signatureOf(part.text) }),
          ]);
    }
    case 'text':
      return block(
        { type: 'text', text: '' },
        pieces(part.text, size).map(text => delta({ type: 'text_delta', text })),
      );
    case 'tool-call':
      return block(
        { type: 'tool_use', id: part.id, name: part.name, input: {} },
        ['', ...pieces(part.arguments, size)].map(json => delta({ type: 'input_json_delta', partial_json: json })),
      );
  }
}

function event(type: string, rest: object): StreamEvent {
  return { event: type, data: JSON.stringify({ type, ...rest }) };
}
