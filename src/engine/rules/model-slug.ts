import type { BodyRule } from '../body-rule';

export const modelSlug: BodyRule = {
  name: 'model-slug',
  summary: 'The id becomes the slug that the account has for it.',
  source:
    'wire.md 5 (choice of slug): slugs of the account go verbatim; `kimi-for-coding` and `auto` are stable ' +
    'names for what it is ' +
    'entitled to',
  appliesTo: () => true,
  apply(body, call) {
    body.model = call.model.id;
  },
};
