import { bodyTools, isBuiltin } from '../body-tools';
import type { BodyRule } from '../body-rule';

export const plainTools: BodyRule = {
  name: 'plain-tools',
  summary:
    'Tools are sent as name, description and parameters, without `strict`; `$name` as a `builtin_function` ' +
    'with its name alone; an ' +
    'empty list not at all; models without tool use get none, with a warning.',
  source:
    'wire.md 6.1, 6.5 (B:188860-188873) and trap 26: strict is not part of the official payload; 5: supports_tool_use',
  appliesTo: () => true,
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
    if (bodyTools(body).length === 0) {
      delete body.tool_choice;
    }
  },
};
