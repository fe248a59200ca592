import type { BodyRule } from '../body-rule';
import { keepsReasoning } from '../keeps-reasoning';
import { mapReasoningEffort } from '../map-reasoning-effort';

export const thinking: BodyRule = {
  name: 'thinking',
  summary: 'The asked effort becomes `thinking`, and `reasoning_effort` only for models without an effort list.',
  source: 'wire.md 6.2 (captured; B:188893-188903), decisions.md 28-30',
  appliesTo: () => true,
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
