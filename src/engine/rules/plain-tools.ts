import type { BodyRule } from '../body-rule';

export const plainTools: BodyRule = {
  name: 'plain-tools',
  summary: 'Tools are sent as name, description and parameters; `strict` is left out.',
  source: 'wire.md 6.5 and trap 26: strict is not part of the official payload',
  appliesTo: () => true,
  apply(body) {
    for (const tool of body.tools ?? []) {
      delete tool.function.strict;
    }
  },
};
