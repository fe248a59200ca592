import type { KimiOAuthCredentials } from '../credentials/credential-store';

/**
 * What access tokens of Kimi live, in seconds (wire.md 2). Counts where an answer does not say: its refresh token is
 * already the only one.
 */
const USUAL_LIFETIME = 900;

/**
 * Makes a token answer acceptable to oauth4webapi, as lenient as the official client (decisions.md 18; wire.md 2;
 * tooling.md 6).
 */
export function normalizeTokenResponse(body: Record<string, unknown>): Record<string, unknown> {
  // An ID token that is not a valid JWT would be an error; nobody asked for one.
  const { access_token, token_type, refresh_token, expires_in, scope } = body;
  return {
    access_token,
    token_type: typeof token_type === 'string' && token_type !== '' ? token_type : 'Bearer',
    expires_in: lifetime(expires_in),
    ...(typeof refresh_token === 'string' && refresh_token !== '' ? { refresh_token } : {}),
    ...(typeof scope === 'string' ? { scope } : {}),
  };
}

/**
 * The record of a token answer.
 * @param body the normalised answer
 * @param options.sentAt when it was asked for, in ms: the token is not older than that
 * @param options.previous the login that was refreshed: what the answer does not say stays (RFC 6749, 6; decisions.md
 *   17)
 */
export function toCredentials(
  body: Readonly<Record<string, unknown>>,
  { sentAt, previous }: { sentAt: number; previous?: KimiOAuthCredentials | undefined },
): KimiOAuthCredentials {
  const { access_token, token_type, refresh_token, expires_in, scope } = normalizeTokenResponse({ ...body });
  return {
    type: 'oauth',
    accessToken: access_token as string,
    refreshToken: typeof refresh_token === 'string' ? refresh_token : (previous?.refreshToken ?? ''),
    expiresAt: Math.floor(sentAt / 1000) + (expires_in as number),
    expiresIn: expires_in as number,
    scope: typeof scope === 'string' ? scope : (previous?.scope ?? ''),
    tokenType: token_type as string,
  };
}

function lifetime(value: unknown): number {
  const seconds = typeof value === 'string' ? Number.parseFloat(value) : value;
  return typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0 ? seconds : USUAL_LIFETIME;
}
