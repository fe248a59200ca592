import { KimiInvalidArgumentError } from '../../errors/kimi-error';
import { normalizeSchema, type NormalizedSchema } from '../../json-schema/normalize-schema';
import { schemaFault } from '../../json-schema/schema-limits';

/** Schemas are the same objects on every step of a loop. */
const sound = new WeakSet<object>();

/**
 * A schema of the caller as Kimi takes it.
 * @param of whose it is: the argument, as the user writes it, and what it is called in a sentence
 * @throws KimiInvalidArgumentError for one that is too deep or too large to be worked on
 */
export function wireSchema(schema: unknown, of: { argument: string; name: string }): NormalizedSchema {
  if (typeof schema === 'object' && schema !== null && !sound.has(schema)) {
    const fault = schemaFault(schema);
    if (fault !== undefined) {
      throw new KimiInvalidArgumentError({
        argument: of.argument,
        message: `The schema of ${of.name} ${fault}. Kimi takes 15,000 bytes: describe less of it, or split it.`,
      });
    }
    sound.add(schema);
  }
  return normalizeSchema(schema);
}
