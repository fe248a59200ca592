import type {
  LanguageModelV4FunctionTool,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
  SharedV4ProviderOptions,
} from '@ai-sdk/provider';

/** How many tokens a prompt has. */
export type KimiTokenCount = {
  inputTokens: number;
  /**
   * The server does not count; this is the official client's estimate (docs/wire.md#token-estimate,
   * docs/decisions.md#73-tokens-of-a-prompt).
   */
  isEstimate: boolean;
};

/** What is counted: a text, or messages as models get them, whose content may be a text; tools with their schemas. */
export type KimiTokenCountOptions = {
  prompt: string | ReadonlyArray<LanguageModelV4Message | { role: 'user' | 'assistant'; content: string }>;
  tools?: LanguageModelV4FunctionTool[];
  providerOptions?: SharedV4ProviderOptions;
  headers?: Record<string, string | undefined>;
  abortSignal?: AbortSignal;
};

/** The prompt as a call has it. */
export function countedPrompt(prompt: KimiTokenCountOptions['prompt']): LanguageModelV4Prompt {
  const messages = typeof prompt === 'string' ? [{ role: 'user' as const, content: prompt }] : prompt;
  return messages.map(message =>
    message.role !== 'system' && typeof message.content === 'string'
      ? { ...message, content: [{ type: 'text', text: message.content }] }
      : message,
  ) as LanguageModelV4Prompt;
}
