import type { BodyRule } from '../body-rule';
import type { KimiChatTool } from '../kimi-chat-request-body';

export const dynamicTools: BodyRule = {
  name: 'dynamic-tools',
  summary:
    'Tools that a system message brings are sent in that message and not in `tools` too; models that cannot ' +
    'load tools later get ' +
    'them in `tools`, with a warning.',
  source:
    'wire.md 6.5 (B:188919; K kimi.ts:186-193): a system message with `tools` and without content, for models with ' +
    'supports_dynamic_tools',
  appliesTo: () => true,
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
