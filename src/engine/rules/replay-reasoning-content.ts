import type { BodyRule } from '../body-rule';
import { keepsReasoning } from '../keeps-reasoning';

export const replayReasoningContent: BodyRule = {
  name: 'replay-reasoning-content',
  summary:
    'Every assistant message that Kimi expects reasoning on has `reasoning_content`, padded where the ' +
    'conversation has none.',
  source:
    'wire.md 6.4 (B:193416-193458): without it "thinking is enabled but reasoning_content is missing in ' +
    'assistant tool call message"; ' +
    'the coding endpoint takes "" with keep "all", K2.6 on the platform counts "" as missing and takes " " (pi ' +
    'PR #4178)',
  appliesTo: call => call.model.thinking !== 'no',
  apply(body, call) {
    // With thinking off the official client sends what it has and pads nothing (wire.md 6.4, captured).
    if ((body.thinking as { type?: string } | undefined)?.type === 'disabled') {
      return;
    }
    const keepAll = keepsReasoning(call);
    const padding = keepAll && call.service === 'coding' ? '' : ' ';
    for (const message of body.messages) {
      // "" is a turn that reasoned, but said nothing (wire.md 7); it needs the form that the endpoint takes.
      const expected = keepAll || message.tool_calls !== undefined || message.reasoning_content === '';
      if (message.role === 'assistant' && !message.reasoning_content && expected) {
        message.reasoning_content = padding;
      }
    }
  },
};
