import type { CredentialProvider } from './request-credential';

/** A key from a setting or a variable: asked for at each request, never refreshed. */
export function apiKeyCredentials({ key, source, remedy }: { key: () => string | Promise<string>; source: string; remedy: string }): CredentialProvider {
  return {
    getCredential: async () => ({ kind: 'api-key', token: await key(), source, remedy }),
  };
}
