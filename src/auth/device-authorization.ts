/** The two requests of the device authorization grant (RFC 8628), each sent once; who waits between them is the caller. */
import type { KimiOAuthCredentials } from '../credentials/credential-store';
import { KimiDeviceLoginError } from '../errors/kimi-error';
import { DEVICE_AUTHORIZATION_PATH, TOKEN_PATH } from '../upstream';
import { checkVerificationURL, type OAuthHost } from './oauth-host';
import { oauthRequest, secondsField, textField, type OAuthAnswer, type OAuthBody } from './oauth-request';
import { hasUnusableToken, parseTokenResponse, toCredentials, UNUSABLE_TOKEN } from './token-endpoint';

/** What the person needs to confirm a login, and what we need to ask whether they did. */
export type DeviceAuthorization = {
  deviceCode: string;
  /** Printable ASCII; the page shows the same one. */
  userCode: string;
  /** Checked: https on a host of the region. */
  verificationUri: string;
  /** The same page with the code filled in; the one to open. Checked, too. */
  verificationUriComplete: string;
  /** How long the code lives, in seconds. */
  expiresIn: number;
  /** How long to wait between two polls, in seconds, at least 1. */
  interval: number;
};

/** `unreachable` is what passes by itself: no connection, 429, 5xx. */
export type DeviceAuthorizationResult =
  | { status: 'started'; authorization: DeviceAuthorization }
  | { status: 'unreachable'; reason: string; retryAfterMs?: number | undefined };

/**
 * Answer to one poll. `pending`, for which also counts what passes by itself, and `slow_down`: nothing is decided; the
 * next poll is not before both `interval` seconds, which counts for all further ones, and `retryAfterMs` have passed.
 */
export type DevicePoll =
  | { status: 'pending' | 'slow_down'; interval: number; retryAfterMs: number }
  | { status: 'expired' }
  | { status: 'denied' }
  | { status: 'done'; credentials: KimiOAuthCredentials };

/**
 * How long a device code lives and how often to poll where the server does not say, in seconds (RFC 8628, 3.2;
 * docs/wire.md#device-polling).
 */
const USUAL_EXPIRY = 900;
const USUAL_INTERVAL = 5;

/** What `slow_down` adds to the interval for good, in seconds (RFC 8628, 3.5). */
const SLOW_DOWN = 5;

/**
 * Asks for a device code (RFC 8628, 3.1).
 * @throws KimiDeviceLoginError `refused`, `untrusted-url`; the abort reason
 */
export async function requestDeviceAuthorization(
  host: OAuthHost,
  abortSignal?: AbortSignal | undefined,
): Promise<DeviceAuthorizationResult> {
  const answer = await oauthRequest(
    host,
    { path: DEVICE_AUTHORIZATION_PATH, form: {}, parse: parseDeviceAuthorization },
    abortSignal,
  );
  if (answer.outcome !== 'success') {
    const { reason, retryAfterMs } = passingFailure(host, answer);
    return { status: 'unreachable', reason, retryAfterMs };
  }
  const { deviceCode, userCode, verificationUri, verificationUriComplete } = answer.value;
  if (!/^[\x20-\x7e]{1,64}$/.test(userCode)) {
    throw refused(host, 'a user code that cannot be shown');
  }
  const secrets = [deviceCode];
  return {
    status: 'started',
    authorization: {
      ...answer.value,
      verificationUri: checkVerificationURL(verificationUri, host.oauthHost, secrets),
      verificationUriComplete: checkVerificationURL(verificationUriComplete, host.oauthHost, secrets),
    },
  };
}

/**
 * Fills what the official client does without (docs/decisions.md#18-oauth4webapi-made-lenient;
 * docs/wire.md#device-authorization).
 */
function parseDeviceAuthorization(body: OAuthBody): DeviceAuthorization | undefined {
  const deviceCode = textField(body.device_code);
  const userCode = textField(body.user_code);
  const verificationUri = textField(body.verification_uri) ?? textField(body.verification_uri_complete);
  if (deviceCode === undefined || userCode === undefined || verificationUri === undefined) {
    return undefined;
  }
  return {
    deviceCode,
    userCode,
    verificationUri,
    verificationUriComplete: textField(body.verification_uri_complete) ?? verificationUri,
    expiresIn: secondsField(body.expires_in) ?? USUAL_EXPIRY,
    interval: Math.max(1, secondsField(body.interval) ?? USUAL_INTERVAL),
  };
}

/**
 * Asks once whether the person has confirmed (RFC 8628, 3.4 and 3.5).
 * @param code.interval as the authorization gave it, or the last poll
 * @throws KimiDeviceLoginError `refused` for an answer that no further poll will change; the abort reason
 */
export async function pollDeviceToken(
  host: OAuthHost,
  { deviceCode, interval }: { deviceCode: string; interval: number },
  abortSignal?: AbortSignal | undefined,
): Promise<DevicePoll> {
  const sentAt = (host.now ?? Date.now)();
  const answer = await oauthRequest(
    host,
    {
      path: TOKEN_PATH,
      form: { device_code: deviceCode, grant_type: 'urn:ietf:params:oauth:grant-type:device_code' },
      parse: parseTokenResponse,
    },
    abortSignal,
  );
  if (answer.outcome === 'success') {
    const credentials = toCredentials(answer.value, { ...host, sentAt });
    if (credentials.refreshToken === '') {
      throw refused(host, 'a login without refresh token');
    }
    if (hasUnusableToken(answer.value)) {
      throw refused(host, UNUSABLE_TOKEN);
    }
    return { status: 'done', credentials };
  }
  switch (answer.outcome === 'refused' ? answer.error : undefined) {
    case 'expired_token':
      return { status: 'expired' };
    case 'access_denied':
      return { status: 'denied' };
    case 'slow_down':
      return { status: 'slow_down', interval: interval + SLOW_DOWN, retryAfterMs: retryAfterMsOf(answer) };
    case 'authorization_pending':
      return { status: 'pending', interval, retryAfterMs: retryAfterMsOf(answer) };
    default:
      return { status: 'pending', interval, retryAfterMs: passingFailure(host, answer).retryAfterMs ?? 0 };
  }
}

type Failure = Exclude<OAuthAnswer<unknown>, { outcome: 'success' }>;

/** What passes by itself: no connection, 429, 5xx. @throws KimiDeviceLoginError `refused` for anything else */
function passingFailure(host: OAuthHost, answer: Failure): { reason: string; retryAfterMs: number | undefined } {
  if (answer.outcome === 'unreachable') {
    return { reason: answer.reason, retryAfterMs: undefined };
  }
  if (answer.status === 429 || answer.status >= 500) {
    return { reason: answer.reason, retryAfterMs: answer.retryAfterMs };
  }
  throw refused(host, answer.reason);
}

function retryAfterMsOf(answer: Failure): number {
  return answer.outcome === 'refused' ? (answer.retryAfterMs ?? 0) : 0;
}

/** @param what holds nothing of what was sent or received */
function refused({ oauthHost }: OAuthHost, what: string): KimiDeviceLoginError {
  return new KimiDeviceLoginError({
    reason: 'refused',
    message:
      `${oauthHost} did not accept the sign-in (${what}). Check that it is the OAuth host of your account ` +
      '("region" or "oauthHost" setting, KIMI_CODE_OAUTH_HOST), then run: npx ai-sdk-provider-kimi login',
  });
}
