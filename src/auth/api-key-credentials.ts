import type { CredentialProvider } from './request-credential';

/**
 * A key from a setting or a variable: asked for at each request, never refreshed. `describe` says where it came from,
 * and of what kind it is.
 */
export function apiKeyCredentials({
  key,
  describe,
  remedy,
}: {
  key: () => string | Promise<string>;
  describe: (key: string) => string;
  remedy: string;
}): CredentialProvider {
  return {
    async getCredential() {
      const token = await key();
      return { kind: 'api-key', token, source: describe(token), remedy };
    },
  };
}
