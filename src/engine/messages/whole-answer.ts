import type { LanguageModelV4Content, LanguageModelV4FinishReason } from '@ai-sdk/provider';
import { isFields } from '../../stream/messages/sound-chunk';

/** What the AI SDK knows of a whole answer, but for its usage. */
export type WholeAnswer = {
  content: LanguageModelV4Content[];
  finishReason: LanguageModelV4FinishReason;
  id: string | undefined;
  modelId: string | undefined;
};

const FINISH_REASONS: ReadonlyMap<unknown, LanguageModelV4FinishReason['unified']> = new Map([
  ['end_turn', 'stop'],
  ['pause_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['tool_use', 'tool-calls'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['refusal', 'content-filter'],
]);

/**
 * A whole answer of the Anthropic wire in the AI SDK's words (docs/wire.md#anthropic-answers). The wrapped model, which
 * reads streams, would have it only as the text of a `Response`, serialised and parsed once more.
 * @param generateId makes ids for tool calls that have none
 * @returns `undefined` for what is no answer
 */
export function readWholeAnswer(answer: unknown, generateId: () => string): WholeAnswer | undefined {
  if (!isFields(answer) || !Array.isArray(answer.content)) {
    return undefined;
  }
  const { id, model, stop_reason: reason } = answer;
  const raw = text(reason);
  return {
    content: answer.content.flatMap(block => contentOf(block, generateId)),
    finishReason: { unified: FINISH_REASONS.get(raw) ?? 'other', raw },
    id: text(id),
    modelId: text(model),
  };
}

/** An empty text is none, as on chat. Blocks that are not known are left out, as the official client does. */
function contentOf(block: unknown, generateId: () => string): LanguageModelV4Content[] {
  if (!isFields(block)) {
    return [];
  }
  const { type, text: said, thinking, signature, data, id, name, input } = block;
  switch (type) {
    case 'text':
      return typeof said === 'string' && said !== '' ? [{ type: 'text', text: said }] : [];
    case 'thinking':
      return typeof thinking === 'string' ? [reasoning(thinking, { signature: text(signature) })] : [];
    case 'redacted_thinking':
      return typeof data === 'string' ? [reasoning('', { redactedData: data })] : [];
    case 'tool_use':
      return typeof name === 'string'
        ? [
            {
              type: 'tool-call',
              toolCallId: text(id) ?? generateId(),
              toolName: name,
              input: JSON.stringify(input ?? {}),
            },
          ]
        : [];
    default:
      return [];
  }
}

/** With what a next turn needs of it (docs/decisions.md#72-signatures-of-thinking). */
function reasoning(said: string, kept: Record<string, string | undefined>): LanguageModelV4Content {
  const kimi = Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined)) as {
    [field: string]: string;
  };
  return { type: 'reasoning', text: said, ...(Object.keys(kimi).length === 0 ? {} : { providerMetadata: { kimi } }) };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
