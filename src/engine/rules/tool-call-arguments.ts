import type { BodyRule } from '../body-rule';
import { isBlank } from './blank';

export const toolCallArguments: BodyRule = {
  name: 'tool-call-arguments',
  summary:
    'Arguments that were not valid JSON go back as the model wrote them, not as a quoted string; none go as `{}`.',
  source: 'wire.md 6.5 (official client): malformed arguments are echoed as the raw string',
  appliesTo: () => true,
  apply(body) {
    for (const { function: called } of body.messages.flatMap(message => message.tool_calls ?? [])) {
      // openai-compatible writes a string that is no JSON as a JSON string; a tool's arguments are never one.
      const written = isQuoted(called.arguments) ? (JSON.parse(called.arguments) as string) : called.arguments;
      called.arguments = isBlank(written) ? '{}' : written;
    }
  },
};

function isQuoted(text: unknown): boolean {
  if (typeof text !== 'string' || !text.startsWith('"')) {
    return false;
  }
  try {
    return typeof JSON.parse(text) === 'string';
  } catch {
    return false;
  }
}
