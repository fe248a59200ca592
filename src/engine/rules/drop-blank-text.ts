import { KimiInvalidArgumentError } from '../../errors/kimi-invalid-argument-error';
import type { BodyRule } from '../body-rule';
import { isBlank } from './blank';

/** What the official client says of a tool without output (B:182647). */
const EMPTY_OUTPUT = 'Tool output is empty.';

export const dropBlankText: BodyRule = {
  name: 'drop-blank-text',
  summary:
    'Blank text parts are left out, and messages of system and user that hold nothing else; one text part ' +
    'alone is a plain string.',
  source: 'wire.md 6.4 (B:264089-264102): "text content is empty"; an empty tool result says so (B:182647)',
  appliesTo: () => true,
  apply(body) {
    const kept = body.messages.filter(message => {
      if (Array.isArray(message.content)) {
        message.content = withoutBlankParts(message.content);
      }
      if (message.role === 'tool' && isBlank(message.content)) {
        message.content = EMPTY_OUTPUT;
      }
      return message.role === 'assistant' || message.tools !== undefined || !isBlank(message.content);
    });
    if (kept.length === 0 && body.messages.length > 0) {
      throw new KimiInvalidArgumentError({
        argument: 'prompt',
        message: 'The prompt has no text and no media; Kimi refuses an empty conversation.',
      });
    }
    body.messages = kept;
  },
};

function withoutBlankParts(parts: Record<string, unknown>[]): string | Record<string, unknown>[] {
  const kept = parts.filter(part => part.type !== 'text' || !isBlank(part.text));
  const [first] = kept;
  return kept.length === 0 ? '' : kept.length === 1 && first?.type === 'text' ? (first.text as string) : kept;
}
