import { textOf, type ChatSubject } from '../rules/simulator-rule';
import type { ScriptedAnswer } from './scripted-answer';

/**
 * The answer where nothing was scripted: it shows that the request arrived. It echoes the last user text, calls a tool
 * that the user names ("call weather"), repeats a tool's result, and keeps to a `response_format`.
 */
export function defaultAnswer({ body, thinking }: ChatSubject): ScriptedAnswer {
  const last = body.messages.at(-1);
  const userText = body.messages
    .filter(message => message.role === 'user')
    .map(message => textOf(message.content).trim())
    // The official client ends its prompts with reminders of its own, as user messages (captured).
    .findLast(text => !text.startsWith('<system-reminder>'));
  const reasoning = thinking ? { reasoning: `The user says: ${excerpt(userText)}.` } : {};

  const shaped = shapedJson(body.response_format);
  if (shaped !== undefined) {
    return { ...reasoning, text: shaped };
  }
  if (last?.role === 'tool') {
    return { ...reasoning, text: `The tool answered: ${textOf(last.content)}` };
  }
  const wanted = /\bcall\s+([\w$.-]*\w)/i.exec(userText ?? '')?.[1];
  const tool =
    body.tool_choice === 'none' ? undefined : body.tools?.find(({ function: candidate }) => candidate?.name === wanted);
  if (wanted !== undefined && tool) {
    return {
      ...reasoning,
      toolCalls: [{ name: wanted, arguments: schemaShapedValue(tool.function?.parameters) as Record<string, unknown> }],
    };
  }
  return { ...reasoning, text: `You said: ${excerpt(userText)}` };
}

function shapedJson(format: unknown): string | undefined {
  const { type, json_schema: holder } = (format ?? {}) as { type?: string; json_schema?: { schema?: unknown } };
  if (type === 'json_schema') {
    return JSON.stringify(schemaShapedValue(holder?.schema));
  }
  return type === 'json_object' ? '{"ok":true}' : undefined;
}

function excerpt(text = ''): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

type Schema = Record<string, unknown>;

/** A value that has the shape of `schema`: the first choice, the smallest number, every property. Deterministic. */
export function schemaShapedValue(schema: unknown, root: unknown = schema, depth = 0): unknown {
  if (!isSchema(schema) || depth > 8) {
    return null;
  }
  if (typeof schema.$ref === 'string') {
    return schemaShapedValue(resolve(schema.$ref, root), root, depth + 1);
  }
  if (schema.const !== undefined) {
    return schema.const;
  }
  if (Array.isArray(schema.enum)) {
    return schema.enum[0];
  }
  const choices = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(choices)) {
    return schemaShapedValue(choices[0], root, depth + 1);
  }
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case 'string':
      return stringOf(schema);
    case 'number':
    case 'integer':
      return typeof schema.minimum === 'number' ? schema.minimum : 1;
    case 'boolean':
      return true;
    case 'null':
      return null;
    case 'array':
      return Array.from({ length: Math.max(1, Number(schema.minItems ?? 1)) }, () =>
        schemaShapedValue(schema.items ?? { type: 'string' }, root, depth + 1),
      );
    default:
      return objectOf(schema, root, depth);
  }
}

function objectOf(schema: Schema, root: unknown, depth: number): Record<string, unknown> {
  const properties = isSchema(schema.properties) ? schema.properties : {};
  const required = Array.isArray(schema.required) ? (schema.required as string[]) : [];
  // Deep down only what must be there, so that a recursive schema comes to an end.
  const names = depth > 2 ? required : Object.keys(properties);
  return Object.fromEntries(names.map(name => [name, schemaShapedValue(properties[name], root, depth + 1)]));
}

function stringOf({ format, minLength }: Schema): string {
  const byFormat: Record<string, string> = {
    'date-time': '2026-01-01T00:00:00Z',
    date: '2026-01-01',
    email: 'a@example.com',
    uri: 'https://example.com/',
  };
  return (byFormat[String(format)] ?? 'text').padEnd(Number(minLength ?? 0), '.');
}

function resolve(reference: string, root: unknown): unknown {
  return reference
    .replace(/^#\/?/, '')
    .split('/')
    .filter(name => name !== '')
    .reduce<unknown>(
      (value, name) => (isSchema(value) ? value[name.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined),
      root,
    );
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
