/** For a token whose end nobody tells: it is never due, and the API's answer says when it is over. */
const UNKNOWN = { expiresAt: Number.MAX_SAFE_INTEGER, expiresIn: Number.MAX_SAFE_INTEGER };

/**
 * When an access token ends (`expiresAt`, unix seconds) and how long it lives (`expiresIn`, seconds), read from its
 * claims where it is a JWT with both. Nothing is verified: it only decides when to ask for a new one.
 */
export function accessTokenLifetime(accessToken: string): { expiresAt: number; expiresIn: number } {
  try {
    const base64 = (accessToken.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const { exp, iat } = JSON.parse(atob(base64)) as { exp?: unknown; iat?: unknown };
    const isKnown = typeof exp === 'number' && typeof iat === 'number' && iat >= 0 && iat < exp;
    return isKnown ? { expiresAt: exp, expiresIn: exp - iat } : UNKNOWN;
  } catch {
    return UNKNOWN;
  }
}
