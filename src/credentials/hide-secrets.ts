import type { KimiCredentials } from './credential-store';

/** The same text without the tokens or the key: an error of a database or a driver may quote what was to be saved. */
export function hideSecrets(text: string, credentials: KimiCredentials | undefined): string {
  if (credentials === undefined) {
    return text;
  }
  const secrets =
    credentials.type === 'oauth' ? [credentials.accessToken, credentials.refreshToken] : [credentials.key];
  return secrets
    .filter(secret => secret !== '')
    .reduce((cleaned, secret) => cleaned.replaceAll(secret, '[hidden]'), text);
}
