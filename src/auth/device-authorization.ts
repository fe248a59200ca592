import * as oauth from 'oauth4webapi';
import type { KimiOAuthCredentials } from '../credentials/credential-store';
import { KimiDeviceLoginError } from '../errors/kimi-device-login-error';
import { oauthRequest, type OAuthHost } from './oauth-request';
import { normalizeTokenResponse, toCredentials } from './token-response';
import { checkVerificationURL } from './verification-url';

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

/** Answer to one poll. Nothing is decided in `pending`, `slow_down` and `unreachable`. */
export type DevicePoll =
  | { status: 'pending' | 'slow_down'; retryAfterMs?: number | undefined }
  | { status: 'unreachable'; reason: string; retryAfterMs?: number | undefined }
  | { status: 'expired' }
  | { status: 'denied' }
  | { status: 'done'; credentials: KimiOAuthCredentials };

/**
 * How long a device code lives and how often to poll where the server does not say, in seconds (RFC 8628, 3.2;
 * B:61085-61112).
 */
const USUAL_EXPIRY = 900;
const USUAL_INTERVAL = 5;

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
    {
      send: (server, client, clientAuth, options) =>
        oauth.deviceAuthorizationRequest(server, client, clientAuth, {}, options),
      process: (server, client, response) => oauth.processDeviceAuthorizationResponse(server, client, response),
      normalize: normalizeDeviceResponse,
    },
    abortSignal,
  );
  if (answer.outcome === 'unreachable') {
    return { status: 'unreachable', reason: answer.reason };
  }
  if (answer.outcome === 'refused') {
    if (answer.status === 429 || answer.status >= 500) {
      return { status: 'unreachable', reason: `HTTP ${answer.status}`, retryAfterMs: answer.retryAfterMs };
    }
    throw refused(host, answer);
  }
  const { device_code, user_code, verification_uri, verification_uri_complete, expires_in, interval } = answer.value;
  if (!/^[\x20-\x7e]{1,64}$/.test(user_code)) {
    throw refused(host, { status: 200, error: 'a user code that cannot be shown' });
  }
  return {
    status: 'started',
    authorization: {
      deviceCode: device_code,
      userCode: user_code,
      verificationUri: checkVerificationURL(verification_uri, host.oauthHost),
      verificationUriComplete: checkVerificationURL(verification_uri_complete ?? verification_uri, host.oauthHost),
      expiresIn: expires_in,
      interval: interval ?? USUAL_INTERVAL,
    },
  };
}

/**
 * Asks once whether the person has confirmed (RFC 8628, 3.4).
 * @throws KimiDeviceLoginError `refused` for an answer that no further poll will change; the abort reason
 */
export async function pollDeviceToken(
  host: OAuthHost,
  deviceCode: string,
  abortSignal?: AbortSignal | undefined,
): Promise<DevicePoll> {
  const sentAt = (host.now ?? Date.now)();
  const answer = await oauthRequest(
    host,
    {
      send: (server, client, clientAuth, options) =>
        oauth.deviceCodeGrantRequest(server, client, clientAuth, deviceCode, options),
      process: (server, client, response) => oauth.processDeviceCodeResponse(server, client, response),
      normalize: normalizeTokenResponse,
    },
    abortSignal,
  );
  if (answer.outcome === 'unreachable') {
    return { status: 'unreachable', reason: answer.reason };
  }
  if (answer.outcome === 'success') {
    const credentials = toCredentials(answer.body, { sentAt });
    if (credentials.refreshToken === '') {
      throw refused(host, { status: 200, error: 'a login without refresh token' });
    }
    return { status: 'done', credentials };
  }
  switch (answer.error) {
    case 'authorization_pending':
      return { status: 'pending', retryAfterMs: answer.retryAfterMs };
    case 'slow_down':
      return { status: 'slow_down', retryAfterMs: answer.retryAfterMs };
    case 'expired_token':
      return { status: 'expired' };
    case 'access_denied':
      return { status: 'denied' };
    default:
      if (answer.status === 429 || answer.status >= 500) {
        return { status: 'unreachable', reason: `HTTP ${answer.status}`, retryAfterMs: answer.retryAfterMs };
      }
      throw refused(host, answer);
  }
}

/** Fills what the official client does without (decisions.md 18; wire.md 2). */
function normalizeDeviceResponse(body: Record<string, unknown>): Record<string, unknown> {
  const verification_uri = text(body.verification_uri) ?? text(body.verification_uri_complete);
  return {
    device_code: body.device_code,
    user_code: body.user_code,
    verification_uri,
    verification_uri_complete: text(body.verification_uri_complete) ?? verification_uri,
    expires_in: seconds(body.expires_in) ?? USUAL_EXPIRY,
    interval: Math.max(1, seconds(body.interval) ?? USUAL_INTERVAL),
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function seconds(value: unknown): number | undefined {
  const number = typeof value === 'string' ? Number.parseFloat(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : undefined;
}

function refused(
  { oauthHost }: OAuthHost,
  { status, error }: { status: number; error?: string | undefined },
): KimiDeviceLoginError {
  const what = error !== undefined && /^[a-z _]{1,60}$/.test(error) ? `HTTP ${status}, ${error}` : `HTTP ${status}`;
  return new KimiDeviceLoginError({
    reason: 'refused',
    message:
      `${oauthHost} did not accept the sign-in (${what}). Check that it is the OAuth host of your account ` +
      '("region" or "oauthHost" setting, KIMI_CODE_OAUTH_HOST), then run: npx ai-sdk-provider-kimi login',
  });
}
