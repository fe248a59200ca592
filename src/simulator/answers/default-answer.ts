import {
  partsOf,
  textOf,
  type ChatBody,
  type ChatMessage,
  type ChatSubject,
  type ChatTool,
} from '../rules/simulator-rule';
import type { ScriptedAnswer } from './scripted-answer';

/**
 * The answer where nothing was scripted: it shows that the request arrived. It echoes the last user text, calls a tool
 * that the user names ("call weather") or that `tool_choice` asks for, repeats a tool's result, and keeps to a
 * `response_format`.
 */
export function defaultAnswer({ body, thinking }: ChatSubject): ScriptedAnswer {
  const last = body.messages.findLast(message => message.role !== 'system' && !isReminder(message));
  const userText = body.messages
    .filter(message => message.role === 'user')
    .map(wordsOf)
    .findLast(text => text !== '');
  const reasoning = thinking ? { reasoning: `The user says: ${excerpt(userText)}.` } : {};

  const shaped = shapedJson(body.response_format);
  if (shaped !== undefined) {
    return { ...reasoning, text: shaped };
  }
  const wanted = /\bcall\s+([\w$.-]*\w)/i.exec(userText ?? '')?.[1];
  const tool = last?.role === 'tool' ? undefined : toolOf(body, wanted);
  const forced = tool ?? forcedTool(body);
  if (forced) {
    const { name, parameters } = forced;
    return {
      ...reasoning,
      toolCalls: [{ name: String(name), arguments: schemaShapedValue(parameters) as Record<string, unknown> }],
    };
  }
  return last?.role === 'tool'
    ? { ...reasoning, text: `The tool answered: ${textOf(last.content)}` }
    : { ...reasoning, text: `You said: ${excerpt(userText)}` };
}

/** What a user message says without the reminders that clients put beside it, or into messages of their own. */
function wordsOf({ content }: ChatMessage): string {
  const isWords = (text: string): boolean => !text.trimStart().startsWith('<system-reminder>');
  return typeof content === 'string'
    ? isWords(content)
      ? content.trim()
      : ''
    : textOf(partsOf(content).filter(part => isWords(String(part.text ?? '')))).trim();
}

/** A user message of nothing else. */
function isReminder(message: ChatMessage): boolean {
  return message.role === 'user' && textOf(message.content).trim() !== '' && wordsOf(message) === '';
}

type CalledTool = NonNullable<ChatTool['function']>;

function toolOf({ tools, tool_choice: choice }: ChatBody, name: string | undefined): CalledTool | undefined {
  return choice === 'none' || name === undefined
    ? undefined
    : tools?.find(({ function: candidate }) => candidate?.name === name)?.function;
}

/** The tool that has to be called: the named one, or the first. */
function forcedTool(body: ChatBody): CalledTool | undefined {
  const { tool_choice: choice, tools } = body;
  if (choice === 'required') {
    return tools?.[0]?.function;
  }
  const { function: named } = (typeof choice === 'object' && choice !== null ? choice : {}) as ChatTool;
  return toolOf(body, named?.name === undefined ? undefined : String(named.name));
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
