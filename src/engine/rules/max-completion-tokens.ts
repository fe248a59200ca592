import type { BodyRule } from '../body-rule';

export const maxCompletionTokens: BodyRule = {
  name: 'max-completion-tokens',
  summary: '`maxOutputTokens` goes as `max_completion_tokens`.',
  source: 'wire.md 6.3 (captured): both official clients rewrite max_tokens, whose meaning leaves reasoning no room',
  appliesTo: () => true,
  apply(body) {
    const limit = body.max_tokens;
    delete body.max_tokens;
    if (limit !== undefined) {
      body.max_completion_tokens = limit;
    }
  },
};
