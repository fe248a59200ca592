import { keepsReasoning, mapReasoningEffort } from '../../effort';
import { isThinkingOff, type BodyRule } from '../body';

export const thinking: BodyRule = {
  name: 'thinking',
  summary: 'The asked effort becomes `thinking`, and `reasoning_effort` only for models without an effort list.',
  source: 'docs/wire.md#thinking-field, docs/decisions.md#28-effort-words to #30-keeping-all-reasoning',
  apply(body, call, warn) {
    const place = { argument: call.effort.argument, service: call.service };
    const { fields, warnings } = mapReasoningEffort(call.effort.value, call.model, place);
    for (const warning of warnings) {
      warn(warning);
    }
    if (keepsReasoning(call) && fields.thinking?.type !== 'disabled') {
      // `keep` has no place without `type`; the client that keeps all reasoning thinks by default.
      fields.thinking = {
        ...(fields.thinking ?? mapReasoningEffort('on', call.model, place).fields.thinking ?? { type: 'enabled' }),
        keep: 'all',
      };
    }
    Object.assign(body, fields);
  },
};

export const replayReasoningContent: BodyRule = {
  name: 'replay-reasoning-content',
  summary:
    'Every assistant message that Kimi expects reasoning on has `reasoning_content`, padded where the ' +
    'conversation has none.',
  source:
    'docs/wire.md#reasoning-content: without it "thinking is enabled but reasoning_content is missing in ' +
    'assistant tool call message"; the coding endpoint takes "" with keep "all", K2.6 on the platform ' +
    'counts "" as missing and takes " " (docs/wire.md#padded-reasoning)',
  apply(body, call) {
    // With thinking off the official client sends what it has and pads nothing
    // (docs/wire.md#reasoning-with-thinking-off).
    if (call.model.thinking === 'no' || isThinkingOff(body)) {
      return;
    }
    const keepAll = keepsReasoning(call);
    const padding = keepAll && call.service === 'coding' ? '' : ' ';
    for (const message of body.messages) {
      // "" is a turn that reasoned, but said nothing (docs/wire.md#empty-reasoning); it needs the form that the
      // endpoint takes.
      const expected = keepAll || message.tool_calls !== undefined || message.reasoning_content === '';
      if (message.role === 'assistant' && !message.reasoning_content && expected) {
        message.reasoning_content = padding;
      }
    }
  },
};
