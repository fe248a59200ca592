import { textOf, type ChatSubject } from '../rules/chat-rule';
import { schemaShapedValue } from './schema-shaped-value';
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
