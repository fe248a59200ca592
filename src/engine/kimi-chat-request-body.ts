/**
 * The chat request as the body rules see it: what openai-compatible made, before it is serialised. Unknown fields stay
 * as they are.
 */
export type KimiChatRequestBody = {
  model: string;
  messages: KimiChatMessage[];
  tools?: KimiChatTool[];
  [field: string]: unknown;
};

export type KimiChatMessage = {
  role: 'system' | 'user' | 'assistant' | 'tool';
  content?: string | null | Array<Record<string, unknown>>;
  reasoning_content?: string;
  tool_calls?: Array<{ id: string; type: 'function'; function: { name: string; arguments: string } }>;
  tool_call_id?: string;
  [field: string]: unknown;
};

export type KimiChatTool = {
  /** `builtin_function`: one of Kimi's own, with a name and nothing else. */
  type: 'function' | 'builtin_function';
  function: { name: string; description?: string; parameters?: unknown; strict?: boolean };
};
