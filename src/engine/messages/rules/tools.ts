import { isBuiltin, type BodyRule, type KimiChatTool } from '../../request/body';

export const toolForm: BodyRule = {
  name: 'tool-form',
  summary:
    "Tools are sent as name, description and `input_schema`; Kimi's own functions (`$name`) stay behind, with a " +
    'warning.',
  source: 'docs/wire.md#anthropic-body, #anthropic-blocks; docs/wire.md#tools-field for the functions of chat',
  apply(body, call, warn) {
    const tools = (body.tools ?? []).filter(tool => tool.function !== undefined);
    if (tools.length === 0) {
      return;
    }
    const builtins = tools.filter(isBuiltin);
    if (builtins.length > 0) {
      warn({
        type: 'unsupported',
        feature: 'tools',
        details:
          `${builtins.map(tool => tool.function.name).join(', ')}: Kimi's own functions are known on chat ` +
          'completions only; they were not sent. Use the setting protocol: "chat".',
      });
    }
    const sent = tools.filter(tool => !isBuiltin(tool)).map(formOf);
    if (sent.length === 0) {
      delete body.tools;
      delete body.tool_choice;
    } else {
      body.tools = sent as unknown as KimiChatTool[];
    }
  },
};

function formOf({ function: { name, description, parameters } }: KimiChatTool): Record<string, unknown> {
  return { name, ...(description === undefined ? {} : { description }), input_schema: parameters };
}

export const toolChoiceForm: BodyRule = {
  name: 'tool-choice-form',
  summary: '`required` goes as `any`, a named tool as `tool`; each as an object.',
  source: 'docs/wire.md#anthropic-tool-choice',
  apply(body) {
    const choice = body.tool_choice as string | { function?: { name: string } } | undefined;
    if (typeof choice === 'string') {
      body.tool_choice = { type: choice === 'required' ? 'any' : choice };
    } else if (choice?.function !== undefined) {
      body.tool_choice = { type: 'tool', name: choice.function.name };
    }
  },
};
