/**
 * The device login in two steps for web apps, where nothing can wait: the state between them is plain JSON, for a
 * cookie or a database.
 */
import type { KimiOAuthCredentials } from '../credentials/credential-store';
import { KimiDeviceLoginError } from '../errors/kimi-device-login-error';
import { KimiInvalidArgumentError } from '../errors/kimi-invalid-argument-error';
import { pollDeviceToken, requestDeviceAuthorization } from './device-authorization';
import type { OAuthHost } from './oauth-request';

/** A login that waits for its person. Holds no token; whoever has it can only ask whether the login was confirmed. */
export type DeviceLoginState = {
  version: 1;
  /** Where the login was started; it is polled nowhere else. */
  oauthHost: string;
  deviceCode: string;
  /** To show, so that the person can compare it with the page. */
  userCode: string;
  verificationUri: string;
  /** The page to open, with the code filled in. */
  verificationUriComplete: string;
  /** When the code ends, in unix seconds. */
  expiresAt: number;
  /** How long to wait before the next poll, in seconds. */
  interval: number;
};

/**
 * Answer to a poll: keep the new `state`, whose interval may have grown, and wait `state.interval` seconds; or the
 * login.
 */
export type DeviceLoginPoll =
  | { status: 'pending' | 'slow_down'; state: DeviceLoginState }
  | { status: 'done'; credentials: KimiOAuthCredentials };

/** @throws KimiDeviceLoginError; the abort reason */
export async function startDeviceLogin(
  host: OAuthHost,
  abortSignal?: AbortSignal | undefined,
): Promise<DeviceLoginState> {
  const result = await requestDeviceAuthorization(host, abortSignal);
  if (result.status === 'unreachable') {
    throw new KimiDeviceLoginError({
      reason: 'unreachable',
      message:
        `${host.oauthHost} cannot be reached to sign in (${result.reason}). Try again; if it lasts, check the ` +
        'network, the proxy and "oauthHost".',
    });
  }
  const { expiresIn, ...authorization } = result.authorization;
  return {
    version: 1,
    oauthHost: host.oauthHost,
    ...authorization,
    expiresAt: Math.floor((host.now ?? Date.now)() / 1000) + Math.floor(expiresIn),
  };
}

/**
 * Polls once. Failures that pass by themselves count as `pending`.
 * @param state from `startDeviceLogin` or the last poll; it may come from a browser, so it is checked
 * @throws KimiDeviceLoginError `denied`, `expired`, `refused`; KimiInvalidArgumentError for a state that is not one;
 *   the abort reason
 */
export async function pollDeviceLogin(
  host: OAuthHost,
  state: unknown,
  abortSignal?: AbortSignal | undefined,
): Promise<DeviceLoginPoll> {
  const checked = checkState(state, host.oauthHost);
  const isOver = (host.now ?? Date.now)() / 1000 >= checked.expiresAt;
  const poll = await pollDeviceToken(host, checked.deviceCode, abortSignal).catch((error: unknown) => {
    // A server may have forgotten the code by then and call it unknown.
    if (isOver && KimiDeviceLoginError.isInstance(error) && error.reason === 'refused') {
      return { status: 'expired' } as const;
    }
    throw error;
  });
  switch (poll.status) {
    case 'done':
      return poll;
    case 'denied':
      throw new KimiDeviceLoginError({
        reason: 'denied',
        message: 'The sign-in was refused on the Kimi page. Nothing was changed; it can be started again.',
      });
    case 'expired':
      throw new KimiDeviceLoginError({
        reason: 'expired',
        message: 'Nobody confirmed the sign-in before its code ended. Start it again with startDeviceLogin().',
      });
    case 'slow_down':
      return { status: 'slow_down', state: { ...checked, interval: checked.interval + 5 } };
    default:
      return {
        status: 'pending',
        state: { ...checked, interval: Math.max(checked.interval, Math.ceil((poll.retryAfterMs ?? 0) / 1000)) },
      };
  }
}

const STRINGS = ['oauthHost', 'deviceCode', 'userCode', 'verificationUri', 'verificationUriComplete'] as const;
const NUMBERS = ['expiresAt', 'interval'] as const;

/** A state from outside must not choose the host: the answer of another one would be taken for a login of this one. */
function checkState(value: unknown, oauthHost: string): DeviceLoginState {
  const state = value as DeviceLoginState | null;
  if (typeof state !== 'object' || state === null || state.version !== 1) {
    throw invalid('it is not a value that startDeviceLogin() or pollDeviceLogin() returned');
  }
  const wrong =
    STRINGS.find(field => typeof state[field] !== 'string' || state[field] === '' || state[field].length > 4096) ??
    NUMBERS.find(field => !Number.isFinite(state[field]) || state[field] < 0);
  if (wrong !== undefined) {
    throw invalid(`its field "${wrong}" is missing or has a wrong type`);
  }
  if (state.oauthHost !== oauthHost) {
    throw invalid('it was started at another OAuth host');
  }
  const { version, deviceCode, userCode, verificationUri, verificationUriComplete, expiresAt, interval } = state;
  return { version, oauthHost, deviceCode, userCode, verificationUri, verificationUriComplete, expiresAt, interval };
}

function invalid(what: string): KimiInvalidArgumentError {
  return new KimiInvalidArgumentError({
    argument: 'state',
    message: `pollDeviceLogin() cannot use this state: ${what}. Start the login again with startDeviceLogin().`,
  });
}
