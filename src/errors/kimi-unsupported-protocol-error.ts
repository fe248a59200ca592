import { AISDKError } from '@ai-sdk/provider';
import { KimiError } from './kimi-error';

const code = 'KIMI_UNSUPPORTED_PROTOCOL';
const marker = `ai-sdk-provider-kimi.error.${code}`;
const symbol = Symbol.for(marker);

/** The server offers the model on a protocol that this package does not speak. */
export class KimiUnsupportedProtocolError extends KimiError {
  readonly [symbol] = true;

  readonly modelId: string;

  /** The server's word, for example `anthropic`. */
  readonly protocol: string;

  /** Ids of the account that can be used instead. */
  readonly usable: readonly string[];

  constructor({
    modelId,
    protocol,
    usable,
    message,
  }: {
    modelId: string;
    protocol: string;
    usable: readonly string[];
    message: string;
  }) {
    super({ name: 'KimiUnsupportedProtocolError', code, message });
    this.modelId = modelId;
    this.protocol = protocol;
    this.usable = usable;
  }

  static override isInstance(error: unknown): error is KimiUnsupportedProtocolError {
    return AISDKError.hasMarker(error, marker);
  }
}
