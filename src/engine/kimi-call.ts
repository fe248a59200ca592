import type { SharedV4Warning } from '@ai-sdk/provider';
import type { ModelInfo } from '../models/model-info';
import type { KimiService } from '../upstream';
import type { ParsedKimiOptions } from './kimi-language-model-options';

/** Everything a body rule may know about one call. Made once per call, before openai-compatible builds the body. */
export type KimiCall = {
  model: ModelInfo;
  service: KimiService;
  /** Whether requests say they come from kimi-code, which keeps all reasoning (decisions.md 30). */
  keepsReasoningByDefault: boolean;
  options: ParsedKimiOptions;
  /** The effort that was asked for, and the option it came from, for messages. */
  effort: { value: string | undefined; argument: string };
  /** `x-session-id` or `x-session-affinity` of the call's headers, which opencode sends. */
  sessionId: string | undefined;
  /**
   * Wire name to the caller's, of tools that the rule `tool-names` renames; the answer's names are turned back by it.
   */
  toolNames: Map<string, string>;
  /** Warnings found before the body existed; the engine appends those of the rules. */
  warnings: SharedV4Warning[];
};
