import { AISDKError } from '@ai-sdk/provider';

const marker = 'ai-sdk-provider-kimi.error';
const symbol = Symbol.for(marker);

/**
 * Base of every error this package raises that is not an answer of the API (those are `APICallError`s).
 * Messages name what happened, where, and the command or setting that fixes it; they never hold a token, a key or
 * prompt text.
 */
export class KimiError extends AISDKError {
  readonly [symbol] = true;

  /** Stable, machine-readable name of the case, for example `KIMI_LOGIN_REQUIRED`. */
  readonly code: string;

  constructor({ name, code, message, cause }: { name: string; code: string; message: string; cause?: unknown }) {
    super({ name, message, cause });
    this.code = code;
  }

  static override isInstance(error: unknown): error is KimiError {
    return AISDKError.hasMarker(error, marker);
  }
}
