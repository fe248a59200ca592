import { AISDKError } from '@ai-sdk/provider';
import { KimiError } from './kimi-error';

const code = 'KIMI_LOGIN_REQUIRED';
const marker = `ai-sdk-provider-kimi.error.${code}`;
const symbol = Symbol.for(marker);

/**
 * No usable credential: nothing stored, the login was revoked, or the server refuses it. Not retryable: a person must
 * act. `source` names where the credential came from or was looked for.
 */
export class KimiLoginRequiredError extends KimiError {
  readonly [symbol] = true;

  /** `missing`: none found. `revoked`: the stored login is dead. `rejected`: the API refuses the credential. */
  readonly reason: 'missing' | 'revoked' | 'rejected';

  /** Where the credential came from, or the places that were searched. Never the credential itself. */
  readonly source: string;

  constructor({
    reason,
    source,
    message,
    cause,
  }: {
    reason: 'missing' | 'revoked' | 'rejected';
    source: string;
    message: string;
    cause?: unknown;
  }) {
    super({ name: 'KimiLoginRequiredError', code, message, cause });
    this.reason = reason;
    this.source = source;
  }

  static override isInstance(error: unknown): error is KimiLoginRequiredError {
    return AISDKError.hasMarker(error, marker);
  }
}
