import type { SharedV4Warning } from '@ai-sdk/provider';
import type { KimiCall } from './kimi-call';
import type { KimiChatRequestBody } from './kimi-chat-request-body';

/**
 * One thing Kimi's chat request needs beyond openai-compatible. Rules run in the order of `body-rules.ts`, on a body
 * that is not shared with anybody, and may change it in place.
 */
export type BodyRule = {
  /** Kebab-case, unique; stands in the README table and in tests. */
  name: string;
  /** What it does, one sentence for the README table. */
  summary: string;
  /** Where the rule is known from. */
  source: string;
  appliesTo(call: KimiCall): boolean;
  apply(body: KimiChatRequestBody, call: KimiCall, warn: (warning: SharedV4Warning) => void): void;
};
