import { AISDKError } from '@ai-sdk/provider';
import { KimiError } from './kimi-error';

const code = 'KIMI_DEVICE_LOGIN';
const marker = `ai-sdk-provider-kimi.error.${code}`;
const symbol = Symbol.for(marker);

/** The device login did not end in a login. What was signed in before still is. */
export class KimiDeviceLoginError extends KimiError {
  readonly [symbol] = true;

  /**
   * `denied`: the person refused it. `expired`: nobody confirmed it in time. `unreachable`: the OAuth host cannot be
   * reached. `refused`: the OAuth host answered with an error. `untrusted-url`: it asked to open a page that is not
   * Kimi's.
   */
  readonly reason: 'denied' | 'expired' | 'unreachable' | 'refused' | 'untrusted-url';

  constructor({ reason, message }: { reason: KimiDeviceLoginError['reason']; message: string }) {
    super({ name: 'KimiDeviceLoginError', code, message });
    this.reason = reason;
  }

  static override isInstance(error: unknown): error is KimiDeviceLoginError {
    return AISDKError.hasMarker(error, marker);
  }
}
