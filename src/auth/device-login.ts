import type { KimiOAuthCredentials } from '../credentials/credential-store';
import { KimiDeviceLoginError } from '../errors/kimi-device-login-error';
import { pollDeviceToken, requestDeviceAuthorization, type DeviceAuthorization } from './device-authorization';
import type { OAuthHost } from './oauth-request';
import { sleep as realSleep, type Sleep } from '../transport/wait';

/** How long the person has, over all codes (wire.md 2; B:61085-61112). */
const BUDGET_MS = 15 * 60_000;

/** Pauses between the tries to get a code, as in a refresh. */
const START_PAUSES_MS = [1000, 2000];

/** What to show: the address to open and the code to compare. Called again with a new code when one has expired. */
export type OnVerification = (verification: Omit<DeviceAuthorization, 'deviceCode'>) => void | Promise<void>;

/** Options of {@link deviceLogin}. */
export type DeviceLoginOptions = OAuthHost & {
  onVerification: OnVerification;
  abortSignal?: AbortSignal | undefined;
  sleep?: Sleep | undefined;
  /** Milliseconds of a clock that never jumps. @default performance.now */
  monotonicNow?: (() => number) | undefined;
};

/**
 * The whole device login: shows the code, then polls until the person has confirmed. The first poll is immediate;
 * `slow_down` adds 5 s for good; `Retry-After` is honoured; failures that pass are survived; an expired code is
 * replaced for as long as the 15 minutes last.
 * @throws KimiDeviceLoginError; the abort reason
 */
export async function deviceLogin(options: DeviceLoginOptions): Promise<KimiOAuthCredentials> {
  const { onVerification, abortSignal, sleep = realSleep, monotonicNow = () => performance.now() } = options;
  const deadline = monotonicNow() + BUDGET_MS;
  let slowedBy = 0;

  async function pause(milliseconds: number): Promise<void> {
    if (monotonicNow() + milliseconds >= deadline) {
      throw expired(options);
    }
    await sleep(milliseconds, abortSignal);
  }

  for (;;) {
    const { deviceCode, ...verification } = await start(options, pause);
    const startedAt = monotonicNow();
    await onVerification(verification);
    const age = (): number => monotonicNow() - startedAt;
    let isOver = false;
    while (!isOver) {
      abortSignal?.throwIfAborted();
      const poll = await pollDeviceToken(options, deviceCode, abortSignal);
      if (poll.status === 'done') {
        return poll.credentials;
      }
      if (poll.status === 'denied') {
        throw denied();
      }
      slowedBy += poll.status === 'slow_down' ? 5 : 0;
      const interval = (verification.interval + slowedBy) * 1000;
      if (poll.status === 'expired') {
        // A code that is dead at once must not end in a loop without pause.
        await pause(Math.max(0, interval - age()));
        isOver = true;
      } else {
        await pause(Math.max(interval, poll.retryAfterMs ?? 0));
        // Not asked for beyond its end: a server may have forgotten it by then and call it unknown.
        isOver = age() >= verification.expiresIn * 1000;
      }
    }
  }
}

async function start(
  options: DeviceLoginOptions,
  pause: (milliseconds: number) => Promise<void>,
): Promise<DeviceAuthorization> {
  for (let tries = 0; ; tries++) {
    const result = await requestDeviceAuthorization(options, options.abortSignal);
    if (result.status === 'started') {
      return result.authorization;
    }
    const planned = START_PAUSES_MS[tries];
    if (planned === undefined) {
      throw new KimiDeviceLoginError({
        reason: 'unreachable',
        message:
          `${options.oauthHost} cannot be reached to sign in (${result.reason}). Check the network, proxy and ` +
          '"oauthHost", then run the login again.',
      });
    }
    await pause(Math.max(planned, result.retryAfterMs ?? 0));
  }
}

function denied(): KimiDeviceLoginError {
  return new KimiDeviceLoginError({
    reason: 'denied',
    message:
      'The sign-in was refused on the Kimi page. Nothing was changed. To try again, run: npx ' +
      'ai-sdk-provider-kimi login',
  });
}

function expired({ oauthHost }: OAuthHost): KimiDeviceLoginError {
  return new KimiDeviceLoginError({
    reason: 'expired',
    message:
      `Nobody confirmed the sign-in at ${oauthHost} within ${BUDGET_MS / 60_000} minutes. To try again, run: npx ` +
      'ai-sdk-provider-kimi login',
  });
}
