import type { CredentialStore, KimiCredentials } from '../credentials/credential-store';
import type { OAuthHost } from './oauth-host';
import type { SessionMemory, SessionRegistry } from './session-registry';
import type { Sleep } from '../transport/wait';

/** What the parts of a session work with; defaults are filled in. */
export type SessionContext = OAuthHost & {
  store: CredentialStore;
  memory: SessionMemory;
  registry: SessionRegistry;
  /** Wall clock in ms. */
  now: () => number;
  /** Milliseconds of a clock that never jumps. */
  monotonicNow: () => number;
  sleep: Sleep;
  /** A sentence that says what to run. */
  remedy: string;
  onCredentials?: ((credentials: KimiCredentials) => void | Promise<void>) | undefined;
};
