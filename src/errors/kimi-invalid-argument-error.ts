import { AISDKError } from '@ai-sdk/provider';
import { KimiError } from './kimi-error';

const code = 'KIMI_INVALID_ARGUMENT';
const marker = `ai-sdk-provider-kimi.error.${code}`;
const symbol = Symbol.for(marker);

/** A setting, environment variable or provider option has a value that cannot work. Raised before anything is sent. */
export class KimiInvalidArgumentError extends KimiError {
  readonly [symbol] = true;

  /** The setting, variable or option as the user writes it, for example `providerOptions.kimi.reasoningEffort`. */
  readonly argument: string;

  constructor({ argument, message, cause }: { argument: string; message: string; cause?: unknown }) {
    super({ name: 'KimiInvalidArgumentError', code, message, cause });
    this.argument = argument;
  }

  static override isInstance(error: unknown): error is KimiInvalidArgumentError {
    return AISDKError.hasMarker(error, marker);
  }
}
