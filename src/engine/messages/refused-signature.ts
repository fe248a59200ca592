import type { LanguageModelV4Prompt } from '@ai-sdk/provider';
import { KimiAPIError } from '../../errors/kimi-api-error';

/**
 * Whether the server refuses a signature, which happened to bytes that it had sent itself
 * (docs/wire.md#thinking-signatures).
 */
export function isSignatureRefused(error: unknown): boolean {
  return (
    KimiAPIError.isInstance(error) &&
    error.statusCode === 400 &&
    /\.signature: malformed|malformed encrypted reasoning/.test((error.responseBody ?? '').slice(0, 4096))
  );
}

/** The prompt without signatures, which is taken; `undefined` where it has none. */
export function withoutSignatures(prompt: LanguageModelV4Prompt): LanguageModelV4Prompt | undefined {
  let hasAny = false;
  const plain = prompt.map(message =>
    message.role !== 'assistant'
      ? message
      : {
          ...message,
          content: message.content.map(part => {
            if (part.type !== 'reasoning' || part.providerOptions === undefined) {
              return part;
            }
            hasAny = true;
            const { providerOptions: _, ...rest } = part;
            return rest;
          }),
        },
  );
  return hasAny ? plain : undefined;
}
