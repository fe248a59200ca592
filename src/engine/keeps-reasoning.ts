import type { KimiCall } from './kimi-call';

/**
 * Whether the call asks for `thinking.keep: "all"`: by option, else by the identity that always does (decisions.md 30).
 */
export function keepsReasoning({ model, options, keepsReasoningByDefault }: KimiCall): boolean {
  if (model.thinking === 'no') {
    return false;
  }
  if (options.reasoningHistory !== undefined) {
    return options.reasoningHistory === 'preserved';
  }
  return options.thinking?.keep === undefined ? keepsReasoningByDefault : options.thinking.keep === 'all';
}
