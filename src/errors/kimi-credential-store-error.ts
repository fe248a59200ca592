import { AISDKError } from '@ai-sdk/provider';
import { KimiError } from './kimi-error';

const code = 'KIMI_CREDENTIAL_STORE';
const marker = `ai-sdk-provider-kimi.error.${code}`;
const symbol = Symbol.for(marker);

/**
 * A credential store cannot be read, written, locked or unlocked. Never means "logged out"; the message says what to
 * do.
 */
export class KimiCredentialStoreError extends KimiError {
  readonly [symbol] = true;

  /** The store's `location`. */
  readonly location: string;

  readonly operation: 'load' | 'save' | 'clear' | 'lock';

  /**
   * What went wrong: `corrupt` (cannot be parsed or has wrong types), `future` (written by a newer version), `locked`,
   * `unavailable`, `timeout`, `permissions`, `read-only`, `lock-lost`, `failed`.
   */
  readonly reason:
    | 'corrupt'
    | 'future'
    | 'locked'
    | 'unavailable'
    | 'timeout'
    | 'permissions'
    | 'read-only'
    | 'lock-lost'
    | 'failed';

  constructor({
    location,
    operation,
    reason,
    message,
    cause,
  }: {
    location: string;
    operation: KimiCredentialStoreError['operation'];
    reason: KimiCredentialStoreError['reason'];
    message: string;
    cause?: unknown;
  }) {
    super({ name: 'KimiCredentialStoreError', code, message, cause });
    this.location = location;
    this.operation = operation;
    this.reason = reason;
  }

  static override isInstance(error: unknown): error is KimiCredentialStoreError {
    return AISDKError.hasMarker(error, marker);
  }
}
