import type { SharedV4Warning } from '@ai-sdk/provider';
import type { BodyRule } from './body-rule';
import type { KimiCall } from './kimi-call';
import type { KimiChatRequestBody } from './kimi-chat-request-body';

/** Applies `rules` in order to the body that openai-compatible made. */
export function transformRequestBody(
  body: KimiChatRequestBody,
  call: KimiCall,
  rules: readonly BodyRule[],
  warn: (warning: SharedV4Warning) => void,
): KimiChatRequestBody {
  for (const rule of rules) {
    if (rule.appliesTo(call)) {
      rule.apply(body, call, warn);
    }
  }
  return body;
}
