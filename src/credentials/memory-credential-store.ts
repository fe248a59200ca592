import type { CredentialStore, KimiCredentials } from './credential-store';

/**
 * Keeps the credential in this process only; it is gone when the process ends. For tests, and for apps that keep tokens
 * themselves (`initial`, and the session's `onCredentials` hook). Has no lock: nothing outside the process can reach
 * it.
 */
export function memoryCredentialStore(initial?: KimiCredentials): CredentialStore {
  // A closure, not a field: `inspect` and `JSON.stringify` of a store show no secret.
  let kept = structuredClone(initial);
  return {
    location: 'memory of this process',
    async load() {
      return structuredClone(kept);
    },
    async save(credentials) {
      kept = structuredClone(credentials);
    },
    // Nothing can hinder a save.
    prepareSave: async () => async () => {},
    async clear() {
      kept = undefined;
    },
  };
}
