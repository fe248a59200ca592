import { wireSchema } from '../wire-schema';
import { bodyTools, isBuiltin, type BodyRule, type KimiChatRequestBody, type KimiChatTool } from '../body';

export const dynamicTools: BodyRule = {
  name: 'dynamic-tools',
  summary:
    'Tools that a system message brings are sent in that message and not in `tools` too; models that cannot ' +
    'load tools later get ' +
    'them in `tools`, with a warning.',
  source:
    'docs/wire.md#dynamic-tools: a system message with `tools` and without content, for models with ' +
    'supports_dynamic_tools',
  apply(body, call, warn) {
    const bringing = body.messages.filter(message => message.role === 'system' && Array.isArray(message.tools));
    if (bringing.length === 0) {
      return;
    }
    const brought = bringing.flatMap(message => message.tools as KimiChatTool[]);
    const names = new Set(brought.map(tool => tool.function.name));
    if (call.model.dynamicTools) {
      for (const message of bringing) {
        delete message.content;
      }
      // The AI SDK needs them in `tools` to run them; twice on the wire they would be "function name is duplicated".
      const rest = (body.tools ?? []).filter(tool => !names.has(tool.function.name));
      setTools(body, rest);
      return;
    }
    body.messages = body.messages.filter(message => !bringing.includes(message));
    const known = new Set((body.tools ?? []).map(tool => tool.function.name));
    setTools(body, [...(body.tools ?? []), ...brought.filter(tool => !known.has(tool.function.name))]);
    warn({
      type: 'unsupported',
      feature: 'dynamic tools',
      details: `${call.model.id} does not load tools in mid-conversation; they were sent with the others.`,
    });
  },
};

function setTools(body: { tools?: KimiChatTool[] }, tools: KimiChatTool[]): void {
  if (tools.length === 0) {
    delete body.tools;
  } else {
    body.tools = tools;
  }
}

/** What Kimi takes as a name, but for the `$` of its own functions. */
const VALID = /^[A-Za-z_][A-Za-z0-9_-]*$/;

export const toolNames: BodyRule = {
  name: 'tool-names',
  summary:
    'Tool names that Kimi refuses are changed everywhere in the request, and back in the answer; of two tools ' +
    'with one name the ' +
    'first is sent.',
  source:
    'docs/wire.md#tool-names: "function name is invalid, must start with a letter and can contain ' +
    'letters, numbers, underscores, and dashes"; docs/wire.md#duplicate-tool-names: "function name is ' +
    'duplicated"',
  apply(body, call, warn) {
    const calls = body.messages.flatMap(message => message.tool_calls ?? []);
    if (calls.length === 0 && bodyTools(body).length === 0) {
      return;
    }
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
    for (const { function: called } of calls) {
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

/** `m_21st_magic` for `21st_magic`: a letter first is what was seen to work (MoonshotAI/kimi-cli#2531). */
function validName(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9_-]/g, '_');
  return /^[A-Za-z_]/.test(plain) ? plain : `m_${plain}`;
}

export const toolSchemas: BodyRule = {
  name: 'tool-schemas',
  summary:
    'Parameters become "Moonshot flavored" JSON Schema: object root, references in `$defs`, a type everywhere, ' +
    'repeated parts ' +
    'shared above 14,000 bytes. The AI SDK still checks against the original.',
  source:
    'docs/wire.md#moonshot-flavored-schemas, #schema-types, #schema-size; ' +
    'docs/decisions.md#49-order-of-the-schema-steps',
  apply(body, _call, warn) {
    for (const tool of bodyTools(body)) {
      if (isBuiltin(tool)) {
        continue;
      }
      const { schema, warnings } = wireSchema(tool.function.parameters, {
        argument: `tools.${tool.function.name}`,
        name: `the tool ${JSON.stringify(tool.function.name)}`,
      });
      tool.function.parameters = schema;
      if (warnings.length > 0) {
        warn({
          type: 'compatibility',
          feature: `schema of tool ${tool.function.name}`,
          details: `Tool ${tool.function.name}: ${warnings.join('; ')}.`,
        });
      }
    }
  },
};

export const plainTools: BodyRule = {
  name: 'plain-tools',
  summary:
    'Tools are sent as name, description and parameters, without `strict`; `$name` as a `builtin_function` ' +
    'with its name alone; an ' +
    'empty list not at all; models without tool use get none, with a warning.',
  source:
    'docs/wire.md#tools-field, #chat-body: strict is not part of the official payload; ' +
    'docs/wire.md#model-list: supports_tool_use',
  apply(body, call, warn) {
    for (const tool of bodyTools(body)) {
      delete tool.function.strict;
      if (isBuiltin(tool)) {
        tool.type = 'builtin_function';
        tool.function = { name: tool.function.name };
      }
    }
    if (!call.model.toolUse && body.tools !== undefined && body.tools.length > 0) {
      warn({
        type: 'unsupported',
        feature: 'tools',
        details: `${call.model.id} does not use tools; they were not sent.`,
      });
      body.tools = [];
    }
    if (body.tools?.length === 0) {
      delete body.tools;
    }
    if (body.tool_choice !== undefined && bodyTools(body).length === 0) {
      delete body.tool_choice;
    }
  },
};
