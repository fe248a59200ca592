import type { LanguageModelV4CallOptions, SharedV4Warning } from '@ai-sdk/provider';
import { opencodeSessionId } from '../hosts/opencode/call';
import type { ModelInfo } from '../models/model-info';
import type { KimiService } from '../upstream';
import type { CallTarget } from './call-target';
import { parseKimiOptions, type ParsedKimiOptions } from './options';

/** Everything a body rule may know about one call. Made once per call, before the wrapped model builds the body. */
export type KimiCall = {
  model: ModelInfo;
  service: KimiService;
  /**
   * Whether requests say they come from kimi-code, which keeps all reasoning
   * (docs/decisions.md#30-keeping-all-reasoning).
   */
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

/**
 * What a body rule may know of one call. The user's provider options stay here: the wrapped models would copy them into
 * the body as they are.
 * @param name the provider's `name`, whose options count beside those of `kimi`
 * @throws KimiInvalidArgumentError for an option with a bad value
 */
export function prepareCall(
  { reasoning, providerOptions, headers }: LanguageModelV4CallOptions,
  { service, model, keepsReasoning, warnings: earlier = [] }: CallTarget,
  name: string,
): KimiCall {
  const { options, warnings } = parseKimiOptions(providerOptions, name);
  return {
    model,
    service,
    keepsReasoningByDefault: keepsReasoning,
    options,
    effort: askedEffort(options, reasoning, name),
    sessionId: opencodeSessionId(headers),
    toolNames: new Map(),
    warnings: [...earlier, ...warnings],
  };
}

function askedEffort(
  options: KimiCall['options'],
  reasoning: LanguageModelV4CallOptions['reasoning'],
  name: string,
): KimiCall['effort'] {
  if (options.reasoningEffort !== undefined) {
    return { value: options.reasoningEffort, argument: `providerOptions.${name}.reasoningEffort` };
  }
  const { type, effort } = options.thinking ?? {};
  if (type === 'disabled') {
    return { value: 'off', argument: `providerOptions.${name}.thinking.type` };
  }
  if (type === 'enabled' || effort !== undefined) {
    return { value: effort ?? 'on', argument: `providerOptions.${name}.thinking.effort` };
  }
  return { value: reasoning, argument: 'reasoning' };
}
