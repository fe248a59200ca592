import { AISDKError } from '@ai-sdk/provider';
import { KimiError } from './kimi-error';

const code = 'KIMI_NO_SUCH_MODEL';
const marker = `ai-sdk-provider-kimi.error.${code}`;
const symbol = Symbol.for(marker);

/** The account does not have the model; raised before anything is sent, from the server's own list. */
export class KimiNoSuchModelError extends KimiError {
  readonly [symbol] = true;

  /** The id that was asked for. */
  readonly modelId: string;

  /** The ids the account has, in the server's order. */
  readonly available: readonly string[];

  constructor({ modelId, available, message }: { modelId: string; available: readonly string[]; message: string }) {
    super({ name: 'KimiNoSuchModelError', code, message });
    this.modelId = modelId;
    this.available = available;
  }

  static override isInstance(error: unknown): error is KimiNoSuchModelError {
    return AISDKError.hasMarker(error, marker);
  }
}
