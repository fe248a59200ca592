import { bodyTools, isBuiltin } from '../body-tools';
import type { BodyRule } from '../body-rule';
import { normalizeToolSchema } from '../tool-schema/normalize-tool-schema';

export const toolSchemas: BodyRule = {
  name: 'tool-schemas',
  summary:
    'Parameters become "Moonshot flavored" JSON Schema: object root, references in `$defs`, a type everywhere, ' +
    'repeated parts ' +
    'shared above 14,000 bytes. The AI SDK still checks against the original.',
  source: 'peers.md 6.12 and 5.4; wire.md 6.5 (B:188486-188849); MoonshotAI/walle, the validator',
  appliesTo: () => true,
  apply(body, _call, warn) {
    for (const tool of bodyTools(body)) {
      if (isBuiltin(tool)) {
        continue;
      }
      const { schema, warnings } = normalizeToolSchema(tool.function.parameters);
      tool.function.parameters = schema;
      if (warnings.length > 0) {
        warn({
          type: 'compatibility',
          feature: `schema of tool ${tool.function.name}`,
          details: `Tool ${tool.function.name}: ${warnings.join('; ')}.`,
        });
      }
    }
  },
};
