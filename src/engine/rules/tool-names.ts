import { bodyTools, isBuiltin } from '../body-tools';
import type { BodyRule } from '../body-rule';
import type { KimiChatRequestBody, KimiChatTool } from '../kimi-chat-request-body';

/** What Kimi takes as a name, but for the `$` of its own functions. */
const VALID = /^[A-Za-z_][A-Za-z0-9_-]*$/;

export const toolNames: BodyRule = {
  name: 'tool-names',
  summary:
    'Tool names that Kimi refuses are changed everywhere in the request, and back in the answer; of two tools ' +
    'with one name the ' +
    'first is sent.',
  source:
    'peers.md 5.4 (kimi-cli#2531, kimi-cli#1773): "function name is invalid, must start with a letter and can ' +
    'contain letters, numbers, ' +
    'underscores, and dashes"; wire.md 8.2: "function name is duplicated"',
  appliesTo: () => true,
  apply(body, call, warn) {
    const dropped = dropRepeated(body);
    if (dropped.length > 0) {
      const names = dropped.map(name => JSON.stringify(name)).join(', ');
      warn({ type: 'other', message: `Several tools have the name ${names}; the first of each was sent.` });
    }
    const renamed = renamedTools(bodyTools(body));
    for (const [name, wireName] of renamed) {
      call.toolNames.set(wireName, name);
    }
    const wire = (name: string): string => renamed.get(name) ?? (name.startsWith('$') ? name : validName(name));
    for (const tool of bodyTools(body)) {
      tool.function.name = wire(tool.function.name);
    }
    for (const { function: called } of body.messages.flatMap(message => message.tool_calls ?? [])) {
      called.name = wire(called.name);
    }
    const choice = body.tool_choice as { function?: { name: string } } | string | undefined;
    if (typeof choice === 'object' && choice.function !== undefined) {
      body.tool_choice = { ...choice, function: { ...choice.function, name: wire(choice.function.name) } };
    }
  },
};

function dropRepeated(body: KimiChatRequestBody): string[] {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  const first = (tool: KimiChatTool): boolean => {
    const { name } = tool.function;
    if (seen.has(name)) {
      repeated.add(name);
      return false;
    }
    seen.add(name);
    return true;
  };
  if (body.tools !== undefined) {
    body.tools = body.tools.filter(first);
  }
  for (const message of body.messages) {
    if (Array.isArray(message.tools)) {
      message.tools = (message.tools as KimiChatTool[]).filter(first);
    }
  }
  return [...repeated];
}

/** Name to wire name of those that change. A name that may stay keeps its place before one that must change. */
function renamedTools(tools: readonly KimiChatTool[]): Map<string, string> {
  const names = tools.filter(tool => !isBuiltin(tool)).map(tool => tool.function.name);
  const taken = new Set(names.filter(name => VALID.test(name)));
  const renamed = new Map<string, string>();
  for (const name of names.filter(candidate => !VALID.test(candidate))) {
    const base = validName(name);
    let wireName = base;
    for (let count = 2; taken.has(wireName); count++) {
      wireName = `${base}_${count}`;
    }
    taken.add(wireName);
    renamed.set(name, wireName);
  }
  return renamed;
}

/** `m_21st_magic` for `21st_magic`: a letter first is what was seen to work (kimi-cli#2531). */
function validName(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9_-]/g, '_');
  return /^[A-Za-z_]/.test(plain) ? plain : `m_${plain}`;
}
