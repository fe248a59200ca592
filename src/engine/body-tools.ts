import type { KimiChatRequestBody, KimiChatTool } from './kimi-chat-request-body';

/** All tools of a request: those of the body, and those that its messages bring. */
export function bodyTools(body: KimiChatRequestBody): KimiChatTool[] {
  return [
    body.tools ?? [],
    ...body.messages.map(message => (Array.isArray(message.tools) ? (message.tools as KimiChatTool[]) : [])),
  ].flat();
}

/** Kimi's own functions, `$web_search` for one, which have a name and nothing else (wire.md 6.5, B:188860-188873). */
export function isBuiltin(tool: KimiChatTool): boolean {
  return tool.function.name.startsWith('$');
}
