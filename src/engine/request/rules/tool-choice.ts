import type { SharedV4Warning } from '@ai-sdk/provider';
import type { KimiCall } from '../../call';
import { bodyTools, isThinkingOff, type BodyRule, type KimiChatRequestBody, type KimiChatTool } from '../body';

export const toolChoice: BodyRule = {
  name: 'tool-choice',
  summary:
    'A forced tool choice is made to work while the model thinks: models that can stop thinking do so, K3 gets ' +
    '`required`, the ' +
    'others `auto`; a named tool is then sent alone. Always with a warning.',
  source:
    'docs/wire.md#tool-choice: forced choice with thinking is a 400; disable thinking on toggle models, ' +
    'auto on always-thinking ones; K3 takes required, not named',
  apply(body, call, warn) {
    const { tool_choice: choice } = body;
    const named = namedTool(choice);
    const forced = named !== undefined || choice === 'required';
    if (!forced || call.model.thinking === 'no' || isThinkingOff(body)) {
      return;
    }
    if (call.model.thinking === 'both') {
      body.thinking = { type: 'disabled' };
      delete body.reasoning_effort;
      warn(changed(call, named, 'thinking was turned off for this call'));
      return;
    }
    const takesRequired = (call.model.efforts ?? []).length > 0;
    if (takesRequired && named === undefined) {
      return;
    }
    body.tool_choice = takesRequired ? 'required' : 'auto';
    const alone = named !== undefined && sendAlone(body, named);
    warn(
      changed(call, named, `"${String(body.tool_choice)}" was sent${alone ? `, with ${named} as the only tool` : ''}`),
    );
  },
};

/** More are a 400 (docs/wire.md#at-most-128-tools). */
const MOST_TOOLS = 128;

export const toolLimit: BodyRule = {
  name: 'tool-limit',
  summary:
    'At most 128 tools are sent: the forced one, those that the conversation has called, then the first in order; ' +
    'the warning names the others.',
  source: 'docs/wire.md#at-most-128-tools: "a max of 128 tools can be supported"',
  apply(body, call, warn) {
    const names = bodyTools(body).map(tool => tool.function.name);
    if (names.length <= MOST_TOOLS) {
      return;
    }
    const called = new Set(body.messages.flatMap(message => message.tool_calls ?? []).map(made => made.function.name));
    const forced = namedTool(body.tool_choice);
    const rank = (name: string): number => (name === forced ? 0 : called.has(name) ? 1 : 2);
    const kept = new Set(names.toSorted((left, right) => rank(left) - rank(right)).slice(0, MOST_TOOLS));
    if (body.tools !== undefined) {
      body.tools = body.tools.filter(tool => kept.has(tool.function.name));
    }
    for (const message of body.messages) {
      if (Array.isArray(message.tools)) {
        message.tools = (message.tools as KimiChatTool[]).filter(tool => kept.has(tool.function.name));
      }
    }
    const left = names.filter(name => !kept.has(name)).map(name => call.toolNames.get(name) ?? name);
    warn({
      type: 'unsupported',
      feature: 'tools',
      details: `Kimi takes at most ${MOST_TOOLS} tools; not sent: ${left.join(', ')}.`,
    });
  },
};

function namedTool(choice: unknown): string | undefined {
  return typeof choice === 'object' && choice !== null
    ? (choice as { function?: { name?: string } }).function?.name
    : undefined;
}

/** Leaves only the named tool in the list, which makes `required` mean it. */
function sendAlone(body: KimiChatRequestBody, name: string): boolean {
  const tools = body.tools?.filter(tool => tool.function.name === name) ?? [];
  if (tools.length === 0) {
    return false;
  }
  body.tools = tools;
  return true;
}

function changed({ model, toolNames }: KimiCall, named: string | undefined, what: string): SharedV4Warning {
  const asked = named === undefined ? 'required' : `tool ${toolNames.get(named) ?? named}`;
  return {
    type: 'compatibility',
    feature: 'toolChoice',
    details: `${model.id} does not take the tool choice "${asked}" while it thinks; ${what}.`,
  };
}
