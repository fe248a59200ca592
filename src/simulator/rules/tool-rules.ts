import { isDeepStrictEqual } from 'node:util';
import { notice, refusal, verdict, type ChatRule, type ChatSubject } from './simulator-rule';

function toolNames({ body }: ChatSubject): string[] {
  return (body.tools ?? []).map(tool => String(tool.function?.name ?? ''));
}

/** Names of tools and `tool_choice`. */
export const TOOL_RULES: readonly ChatRule[] = [
  refusal({
    rule: 'too-many-tools',
    summary: 'More than 128 tools.',
    source: 'docs/wire.md#at-most-128-tools',
    confidence: 'reported',
    text: 'a max of 128 tools can be supported',
    wording: 'real',
    check(subject) {
      const count = toolNames(subject).length;
      return verdict(count > 0, count > 128 ? 'a max of 128 tools can be supported' : undefined);
    },
  }),
  refusal({
    rule: 'tool-name-duplicated',
    summary: 'Two tools with the same name.',
    source: 'docs/wire.md#duplicate-tool-names',
    confidence: 'reported',
    text: 'function name … is duplicated',
    wording: 'real',
    check(subject) {
      const names = toolNames(subject);
      const twice = names.find((name, index) => names.indexOf(name) !== index);
      return verdict(names.length > 0, twice === undefined ? undefined : `function name ${twice} is duplicated`);
    },
  }),
  refusal({
    rule: 'tool-name-invalid',
    summary: 'A tool name that does not start with a letter, `_`, or the `$` of a builtin function.',
    source: 'docs/wire.md#tool-names',
    confidence: 'reported',
    text:
      'Invalid request: function name is invalid, must start with a letter and can contain letters, numbers, ' +
      'underscores, and dashes',
    wording: 'ours',
    check(subject) {
      const names = toolNames(subject);
      return verdict(
        names.length > 0,
        names.some(name => !/^[$_a-zA-Z]/.test(name))
          ? 'Invalid request: function name is invalid, must start with a letter and can contain letters, ' +
              'numbers, underscores, and dashes'
          : undefined,
      );
    },
  }),
  refusal({
    rule: 'builtin-type',
    summary: 'A tool whose name begins with `$` that is no `builtin_function`.',
    source: 'docs/wire.md#builtin-web-search: ordinary functions have no `$` in their names; the text is not known',
    confidence: 'reported',
    text: 'Invalid request: function name is invalid, … is reserved',
    wording: 'ours',
    check({ body }) {
      const builtin = (body.tools ?? []).filter(tool => String(tool.function?.name ?? '').startsWith('$'));
      const wrong = builtin.find(tool => tool.type !== 'builtin_function');
      return verdict(
        builtin.length > 0,
        wrong && `Invalid request: function name is invalid, ${String(wrong.function?.name)} is reserved`,
      );
    },
  }),
  refusal({
    rule: 'builtin-arguments',
    summary: 'The result of a `$web_search` that is not the arguments of its call, as JSON.',
    source: 'docs/wire.md#builtin-web-search; what the platform says to another result is not known',
    confidence: 'reported',
    text: 'Invalid request: the result of … must be the arguments of its call',
    wording: 'ours',
    check({ body }) {
      const calls = body.messages.flatMap(message => builtinCalls(message.tool_calls));
      const wrong = calls.find(({ id, argumentsText }) =>
        body.messages.some(
          message =>
            message.role === 'tool' &&
            message.tool_call_id === id &&
            message.content !== argumentsText &&
            !isDeepStrictEqual(parsed(message.content), parsed(argumentsText)),
        ),
      );
      return verdict(
        calls.length > 0,
        wrong && `Invalid request: the result of ${wrong.name} must be the arguments of its call`,
      );
    },
  }),
  refusal({
    rule: 'tool-choice-while-thinking',
    summary:
      'A named or required `tool_choice` while thinking is on; always-thinking models with an effort list (K3) take ' +
      '`required`.',
    source: 'docs/wire.md#tool-choice',
    confidence: 'reported',
    text: "tool_choice '…' is incompatible with thinking enabled",
    wording: 'real',
    check({ body, model, thinking }) {
      const choice = body.tool_choice;
      if (choice === undefined || !thinking) {
        return undefined;
      }
      const named = typeof choice === 'object' && choice !== null;
      const takesRequired = model.supports_thinking_type === 'only' && model.think_efforts?.support === true;
      const refused = named ? 'specified' : choice === 'required' && !takesRequired ? 'required' : undefined;
      return verdict(
        true,
        refused === undefined ? undefined : `tool_choice '${refused}' is incompatible with thinking enabled`,
      );
    },
  }),
  notice({
    rule: 'tool-strict',
    summary: '`strict` on a tool.',
    source: 'docs/wire.md#tools-field',
    confidence: 'captured',
    check: ({ body }) =>
      verdict(
        (body.tools ?? []).length > 0,
        (body.tools ?? []).some(tool => tool.function?.strict !== undefined) ? 'strict' : undefined,
      ),
  }),
  notice({
    rule: 'message-name',
    summary: '`name` on a message, which the newest official client never sends.',
    source: 'docs/wire.md#message-name',
    confidence: 'captured',
    check({ body }) {
      const index = body.messages.findIndex(message => message.name !== undefined);
      return verdict(body.messages.length > 0, index === -1 ? undefined : `message ${index}`);
    },
  }),
];

function builtinCalls(calls: unknown): { id: unknown; name: string; argumentsText: unknown }[] {
  const all = Array.isArray(calls)
    ? (calls as { id?: unknown; function?: { name?: unknown; arguments?: unknown } }[])
    : [];
  return all
    .map(call => ({
      id: call?.id,
      name: String(call?.function?.name ?? ''),
      argumentsText: call?.function?.arguments,
    }))
    .filter(({ name }) => name.startsWith('$'));
}

/** Text that is no JSON equals no arguments. */
function parsed(text: unknown): unknown {
  try {
    return typeof text === 'string' ? (JSON.parse(text) as unknown) : Symbol('no text');
  } catch {
    return Symbol('no JSON');
  }
}
