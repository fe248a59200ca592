import type { LanguageModelV4CallOptions } from '@ai-sdk/provider';
import type { ModelInfo } from '../models/model-info';
import type { KimiCall } from './kimi-call';
import { parseKimiOptions } from './kimi-language-model-options';
import { preparePrompt } from './prepare-prompt';

/** Headers in which opencode sends its session id (clients.md 4). */
const SESSION_HEADERS = ['x-session-id', 'x-session-affinity'];

/**
 * The key under which a {@link KimiCall} travels through openai-compatible, which copies unknown provider options into
 * the body it hands to `transformRequestBody`. It is taken out there, so nothing of it reaches the wire.
 */
export const KIMI_CALL_KEY = 'kimiCall';

/**
 * Call options and model to what openai-compatible is called with. The user's provider options stay here:
 * openai-compatible would copy them into the body as they are.
 */
export function prepareCall(
  { reasoning, providerOptions, prompt, ...options }: LanguageModelV4CallOptions,
  model: ModelInfo,
  config: { name: string; service: KimiCall['service']; keepsReasoningByDefault: boolean },
): LanguageModelV4CallOptions {
  const { options: kimiOptions, warnings } = parseKimiOptions(providerOptions, config.name);
  const call: KimiCall = {
    model,
    service: config.service,
    keepsReasoningByDefault: config.keepsReasoningByDefault,
    options: kimiOptions,
    effort: askedEffort(kimiOptions, reasoning, config.name),
    sessionId: sessionId(options.headers),
    toolNames: new Map(),
    warnings,
  };
  return {
    ...options,
    prompt: preparePrompt(prompt, config.name),
    providerOptions: { kimi: { [KIMI_CALL_KEY]: call as never } },
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

function sessionId(headers: LanguageModelV4CallOptions['headers']): string | undefined {
  const entries = Object.entries(headers ?? {});
  for (const wanted of SESSION_HEADERS) {
    const value = entries.find(([name]) => name.toLowerCase() === wanted)?.[1];
    if (value) {
      return value;
    }
  }
  return undefined;
}
