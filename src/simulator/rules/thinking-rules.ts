import { notice, refusal, verdict, type ChatRule, type ChatSubject } from './simulator-rule';

function effortsOf({ model }: ChatSubject): readonly string[] | undefined {
  return model.think_efforts?.support === true ? model.think_efforts.valid_efforts : undefined;
}

/** `thinking` and `reasoning_effort`. */
export const THINKING_RULES: readonly ChatRule[] = [
  refusal({
    rule: 'reasoning-effort-none',
    summary: '`reasoning_effort: "none"`.',
    source: 'docs/wire.md#unlisted-efforts',
    confidence: 'reported',
    text: "invalid reasoning_effort: 'none' is not allowed for this model",
    wording: 'ours',
    check: ({ body }) =>
      verdict(
        body.reasoning_effort !== undefined,
        body.reasoning_effort === 'none' ? "invalid reasoning_effort: 'none' is not allowed for this model" : undefined,
      ),
  }),
  refusal({
    rule: 'thinking-and-effort',
    summary:
      '`thinking` and `reasoning_effort` together, for a model with an effort list ' +
      '(docs/decisions.md#29-no-effort-list: others take both).',
    source:
      'docs/wire.md#thinking-beside-reasoning-effort (there for K2.5 and K2.6 of the platform, see the ' +
      'notice of that name)',
    confidence: 'reported',
    text: "cannot specify both 'thinking' and 'reasoning_effort'",
    wording: 'real',
    check(subject) {
      const { thinking, reasoning_effort: effort } = subject.body;
      const concerned = effortsOf(subject) !== undefined && (thinking !== undefined || effort !== undefined);
      return verdict(
        concerned,
        concerned && thinking !== undefined && effort !== undefined
          ? "cannot specify both 'thinking' and 'reasoning_effort'"
          : undefined,
      );
    },
  }),
  notice({
    rule: 'thinking-and-effort-on-platform',
    summary:
      '`thinking` and `reasoning_effort` together on the platform, where K2.5 and K2.6 are reported to refuse it.',
    source:
      "docs/wire.md#thinking-beside-reasoning-effort: cannot specify both 'thinking' and " +
      "'reasoning_effort'; against docs/decisions.md#29-no-effort-list",
    confidence: 'reported',
    check({ body, service, model }) {
      const both = body.thinking !== undefined && body.reasoning_effort !== undefined;
      return both && service === 'platform' && model.think_efforts?.support !== true
        ? { text: String(model.id) }
        : undefined;
    },
  }),
  refusal({
    rule: 'effort-unlisted',
    summary: "An effort that the model's own `valid_efforts` does not list.",
    source: 'docs/wire.md#unlisted-efforts (medium refused for K3)',
    confidence: 'reported',
    text: "invalid reasoning_effort: '…' is not one of …",
    wording: 'ours',
    check(subject) {
      const efforts = effortsOf(subject);
      const asked = [subject.body.thinking?.effort, subject.body.reasoning_effort].filter(
        value => value !== undefined && value !== 'none',
      );
      if (efforts === undefined || asked.length === 0) {
        return undefined;
      }
      const wrong = asked.find(value => !efforts.includes(String(value)));
      return verdict(
        true,
        wrong === undefined
          ? undefined
          : `invalid reasoning_effort: '${String(wrong)}' is not one of ${efforts.join(', ')}`,
      );
    },
  }),
  refusal({
    rule: 'effort-seen-as-overload',
    summary: 'An effort above `high` for a model without an effort list: Kimi answers as if it were overloaded.',
    source: 'docs/wire.md#unlisted-efforts',
    confidence: 'reported',
    status: 429,
    type: 'engine_overloaded_error',
    text: 'The engine is currently overloaded, please try again later',
    wording: 'real',
    check(subject) {
      const asked = [subject.body.reasoning_effort, subject.body.thinking?.effort].filter(
        value => value !== undefined && value !== 'none',
      );
      if (asked.length === 0 || effortsOf(subject) !== undefined) {
        return undefined;
      }
      const known = asked.every(value => value === 'low' || value === 'medium' || value === 'high');
      return verdict(true, known ? undefined : 'The engine is currently overloaded, please try again later');
    },
  }),
  refusal({
    rule: 'thinking-cannot-be-disabled',
    summary: '`thinking.type: "disabled"` for a model that always thinks.',
    source: 'docs/wire.md#always-thinking-models',
    confidence: 'reported',
    text: "invalid thinking: only type 'enabled' is allowed for this model",
    wording: 'ours',
    check({ body, model }) {
      if (body.thinking === undefined || model.supports_thinking_type !== 'only') {
        return undefined;
      }
      return verdict(
        true,
        body.thinking.type === 'disabled'
          ? "invalid thinking: only type 'enabled' is allowed for this model"
          : undefined,
      );
    },
  }),
  notice({
    rule: 'thinking-type',
    summary: 'A `thinking.type` other than `enabled` and `disabled`.',
    source: 'docs/wire.md#chat-body, #anthropic-protocol',
    confidence: 'captured',
    check: ({ body }) =>
      verdict(
        body.thinking !== undefined,
        body.thinking !== undefined && body.thinking.type !== 'enabled' && body.thinking.type !== 'disabled'
          ? String(body.thinking.type)
          : undefined,
      ),
  }),
];
