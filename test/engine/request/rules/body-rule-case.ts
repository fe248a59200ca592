import type { SharedV4Warning } from '@ai-sdk/provider';
import type { KimiCall } from '../../../../src/engine/call';
import type { KimiChatMessage, KimiChatRequestBody } from '../../../../src/engine/request/body';
import type { ModelInfo } from '../../../../src/models/model-info';

/** A body before the rules, and after them. It must need its own rule, and no other. */
export type BodyRuleCase = {
  title: string;
  body: Partial<KimiChatRequestBody>;
  /** `changes` to what is known of the model. */
  call?: Partial<KimiCall> & { modelId?: string; changes?: Partial<ModelInfo> };
  /** Fields of the body beside `model` and an empty `messages`. */
  expected?: Record<string, unknown>;
  warnings?: Array<Partial<SharedV4Warning>>;
  /** In place of `expected`: what the error says. */
  throws?: RegExp;
};

export const user: KimiChatMessage = { role: 'user', content: 'hello' };

export function calls(...ids: string[]): NonNullable<KimiChatMessage['tool_calls']> {
  return ids.map(id => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } }));
}

/** An assistant message that asks for tools; as complete as Kimi wants it. */
export function asking(...ids: string[]): KimiChatMessage {
  return { role: 'assistant', reasoning_content: 'r', tool_calls: calls(...ids) };
}

export function result(id: string, content: KimiChatMessage['content'] = 'ok'): KimiChatMessage {
  return { role: 'tool', tool_call_id: id, content };
}

export function tool(
  name: string,
  parameters: unknown = { type: 'object', properties: {} },
): NonNullable<KimiChatRequestBody['tools']>[number] {
  return { type: 'function', function: { name, description: 'd', parameters } };
}

export function named(name: string): unknown {
  return { type: 'function', function: { name } };
}
