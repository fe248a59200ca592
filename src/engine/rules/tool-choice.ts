import type { SharedV4Warning } from '@ai-sdk/provider';
import type { BodyRule } from '../body-rule';
import type { KimiCall } from '../kimi-call';
import type { KimiChatRequestBody } from '../kimi-chat-request-body';

export const toolChoice: BodyRule = {
  name: 'tool-choice',
  summary:
    'A forced tool choice is made to work while the model thinks: models that can stop thinking do so, K3 gets ' +
    '`required`, the ' +
    'others `auto`; a named tool is then sent alone. Always with a warning.',
  source:
    'peers.md 5.4 and 2.10 (oh-my-pi#1077 #827 #5994 #6601, inspect_ai#5152, sim PR #5716): forced choice with ' +
    'thinking is a 400; ' +
    'disable thinking on toggle models, auto on always-thinking ones; K3 takes required, not named',
  appliesTo: call => call.model.thinking !== 'no',
  apply(body, call, warn) {
    const { tool_choice: choice } = body;
    const named = namedTool(choice);
    const forced = named !== undefined || choice === 'required';
    if (!forced || (body.thinking as { type?: string } | undefined)?.type === 'disabled') {
      return;
    }
    const takesRequired = (call.model.efforts ?? []).length > 0;
    if (takesRequired && named === undefined) {
      return;
    }
    if (call.model.thinking === 'both') {
      body.thinking = { type: 'disabled' };
      delete body.reasoning_effort;
      warn(changed(call, named, 'thinking was turned off for this call'));
      return;
    }
    body.tool_choice = takesRequired ? 'required' : 'auto';
    const alone = named !== undefined && sendAlone(body, named);
    warn(
      changed(call, named, `"${String(body.tool_choice)}" was sent${alone ? `, with ${named} as the only tool` : ''}`),
    );
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
