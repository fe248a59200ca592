import { isSchema, without } from '../../../json-schema/json-schema';
import { LARGEST_SCHEMA } from '../../../json-schema/schema-size';
import { wireSchema } from '../wire-schema';
import type { BodyRule, KimiChatRequestBody } from '../body';

type JsonSchemaFormat = {
  type: 'json_schema';
  json_schema: { schema: unknown; strict?: boolean; name: string; description?: string };
};

export const responseFormat: BodyRule = {
  name: 'response-format',
  summary:
    'A schema for the answer goes through the same steps as those of tools, without `$schema`; where it is too ' +
    'large or no object, ' +
    '`json_object` is sent and the schema told in the system message, with a warning.',
  source: 'docs/wire.md#response-format: K2.5 answers nonsense where `$schema` is present',
  apply(body, call, warn) {
    const format = body.response_format as JsonSchemaFormat | { type: 'json_object' } | undefined;
    if (format?.type !== 'json_schema') {
      return;
    }
    const { schema: original, name, description } = format.json_schema;
    const { schema, size } = wireSchema(original, { argument: 'responseFormat', name: 'the answer' });
    if (size > LARGEST_SCHEMA || !isObjectSchema(original)) {
      body.response_format = { type: 'json_object' };
      tellSchema(body, original);
      const reason =
        size > LARGEST_SCHEMA
          ? `has ${size} bytes, and Kimi refuses more than ${LARGEST_SCHEMA}`
          : 'is not that of an object';
      warn({
        type: 'compatibility',
        feature: 'responseFormat',
        details: `The schema ${reason}; it was sent as text, which the model may not follow to the letter.`,
      });
      return;
    }
    body.response_format = {
      type: 'json_schema',
      json_schema: {
        name: name.replaceAll(/[^A-Za-z0-9_-]/g, '_').slice(0, 64),
        ...(description === undefined ? {} : { description }),
        strict: call.options.strictJsonSchema ?? true,
        schema,
      },
    };
  },
};

function isObjectSchema(schema: unknown): boolean {
  return isSchema(schema) && (schema.type === undefined || [schema.type].flat().includes('object'));
}

function tellSchema(body: KimiChatRequestBody, schema: unknown): void {
  const json = JSON.stringify(isSchema(schema) ? without(schema, ['$schema']) : schema);
  const text = `JSON schema:\n${json}\nYou MUST answer with a JSON value that matches the JSON schema above.`;
  const [first] = body.messages;
  if (first?.role === 'system' && typeof first.content === 'string') {
    first.content = `${first.content}\n\n${text}`;
  } else {
    body.messages.unshift({ role: 'system', content: text });
  }
}
