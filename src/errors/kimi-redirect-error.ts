import { AISDKError } from '@ai-sdk/provider';
import { KimiError } from './kimi-error';

const code = 'KIMI_REDIRECT';
const marker = `ai-sdk-provider-kimi.error.${code}`;
const symbol = Symbol.for(marker);

/**
 * The server answered with a redirect that is not followed, so that prompt, identity and credential stay with the host
 * they are meant for.
 */
export class KimiRedirectError extends KimiError {
  readonly [symbol] = true;

  /** Origin the request was sent to. */
  readonly from: string;

  /** Origin the server wanted it sent to; `unknown` where the runtime hides it. */
  readonly to: string;

  constructor({ from, to, message }: { from: string; to: string; message: string }) {
    super({ name: 'KimiRedirectError', code, message });
    this.from = from;
    this.to = to;
  }

  static override isInstance(error: unknown): error is KimiRedirectError {
    return AISDKError.hasMarker(error, marker);
  }
}
