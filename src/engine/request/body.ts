import type { SharedV4Warning } from '@ai-sdk/provider';
import type { KimiCall } from '../call';

/**
 * What of a message the words of chat cannot say, for the Anthropic wire. A symbol, so that it is neither sent nor
 * measured.
 */
export const ORIGIN: unique symbol = Symbol('origin');

export type MessageOrigin = {
  /** Of an assistant that thought: all that it said, in its order. */
  blocks?: readonly AssistantBlock[];
  /** Of a tool's result. */
  isError?: boolean;
};

/** `tool-call` stands for the next of the message's calls. */
export type AssistantBlock =
  | { type: 'thinking'; thinking: string; signature?: string }
  | { type: 'redacted_thinking'; data: string }
  | { type: 'text'; text: string }
  | { type: 'tool-call' };

/**
 * The request as the body rules see it, in the words of chat completions: what openai-compatible made, before it is
 * serialised. Both wires begin with it. Unknown fields stay as they are.
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
  [ORIGIN]?: MessageOrigin;
  [field: string]: unknown;
};

export type KimiChatTool = {
  /** `builtin_function`: one of Kimi's own, with a name and nothing else. */
  type: 'function' | 'builtin_function';
  function: { name: string; description?: string; parameters?: unknown; strict?: boolean };
};

/**
 * One thing Kimi's chat request needs beyond openai-compatible. Rules run in the order of `body-rules.ts`, on a body
 * that is not shared with anybody, and may change it in place.
 */
export type BodyRule = {
  /** Kebab-case, unique; stands in the table of docs/body-rules.md and in tests. */
  name: string;
  /** What it does, one sentence for the table of docs/body-rules.md. */
  summary: string;
  /** Where the rule is known from. */
  source: string;
  apply(body: KimiChatRequestBody, call: KimiCall, warn: (warning: SharedV4Warning) => void): void;
};

/**
 * Applies `rules` in order to the body that openai-compatible made.
 * @param onChange told the name of each rule that changed something; costs a serialisation for each rule
 */
export function applyBodyRules(
  body: KimiChatRequestBody,
  call: KimiCall,
  rules: readonly BodyRule[],
  warn: (warning: SharedV4Warning) => void,
  onChange?: (rule: string) => void,
): KimiChatRequestBody {
  let before = onChange && JSON.stringify(body);
  for (const rule of rules) {
    rule.apply(body, call, warn);
    if (onChange !== undefined) {
      const after = JSON.stringify(body);
      if (after !== before) {
        onChange(rule.name);
      }
      before = after;
    }
  }
  return body;
}

/** All tools of a request: those of the body, and those that its messages bring. */
export function bodyTools(body: KimiChatRequestBody): readonly KimiChatTool[] {
  const tools = body.tools ?? [];
  const brought = body.messages.filter(message => Array.isArray(message.tools));
  return brought.length === 0 ? tools : [...tools, ...brought.flatMap(message => message.tools as KimiChatTool[])];
}

/** Kimi's own functions, `$web_search` for one, which have a name and nothing else (docs/wire.md#tools-field). */
export function isBuiltin(tool: KimiChatTool): boolean {
  return tool.function.name.startsWith('$');
}

/** No text, or only spaces; anything that is not text is not blank. */
export function isBlank(value: unknown): boolean {
  return value === null || value === undefined || (typeof value === 'string' && value.trim() === '');
}

/** Whether the request asks the model not to think. */
export function isThinkingOff({ thinking }: KimiChatRequestBody): boolean {
  return (thinking as { type?: string } | undefined)?.type === 'disabled';
}
