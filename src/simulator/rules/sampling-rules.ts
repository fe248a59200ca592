import { notice, refusal, verdict, type ChatRule, type ChatSubject } from './simulator-rule';

/** One row per setting; the only value taken is the model's own. */
function fixedSetting(
  field: string,
  allowed: (subject: ChatSubject) => number,
  summary: string,
  wording: 'real' | 'ours',
): ChatRule {
  return refusal({
    rule: `refused-${field.replaceAll('_', '-')}`,
    summary,
    source: 'docs/wire.md#fixed-sampling',
    confidence: 'reported',
    text: `invalid ${field}: only … is allowed for this model`,
    wording,
    check(subject) {
      const value = subject.body[field];
      if (value === undefined || subject.model.behaviour?.sampling === 'free') {
        return undefined;
      }
      return verdict(
        true,
        value === allowed(subject) ? undefined : `invalid ${field}: only ${allowed(subject)} is allowed for this model`,
      );
    },
  });
}

/** Settings that models with fixed sampling refuse unless they name the model's own value. */
export const SAMPLING_RULES: readonly ChatRule[] = [
  fixedSetting(
    'temperature',
    ({ thinking }) => (thinking ? 1 : 0.6),
    'A `temperature` other than 1 (0.6 with thinking off).',
    'real',
  ),
  fixedSetting('top_p', () => 0.95, 'A `top_p` other than 0.95.', 'ours'),
  fixedSetting('n', () => 1, 'An `n` other than 1.', 'ours'),
  fixedSetting('presence_penalty', () => 0, 'A `presence_penalty` other than 0.', 'ours'),
  fixedSetting('frequency_penalty', () => 0, 'A `frequency_penalty` other than 0.', 'ours'),
  notice({
    rule: 'unknown-body-field',
    summary: 'A top-level field that no official client sends.',
    source: 'docs/wire.md#chat-body',
    confidence: 'captured',
    check({ body }) {
      const unknown = Object.keys(body).filter(key => !KNOWN_FIELDS.has(key));
      return verdict(true, unknown.length > 0 ? unknown.join(', ') : undefined);
    },
  }),
  notice({
    rule: 'max-tokens',
    summary: '`max_tokens`, which leaves reasoning no room; the clients rewrite it to `max_completion_tokens`.',
    source: 'docs/wire.md#output-cap',
    confidence: 'read in source',
    check: ({ body }) => (body.max_tokens === undefined ? undefined : { text: 'max_tokens' }),
  }),
];

const KNOWN_FIELDS = new Set([
  'model',
  'messages',
  'tools',
  'stream',
  'stream_options',
  'prompt_cache_key',
  'thinking',
  'max_completion_tokens',
  'response_format',
  'tool_choice',
  'reasoning_effort',
  'stop',
  // Judged by rules of their own.
  'max_tokens',
  'temperature',
  'top_p',
  'n',
  'presence_penalty',
  'frequency_penalty',
]);
