import { KimiCredentialStoreError } from '../../errors/kimi-error';
import type { KeychainAnswer, KeychainChildFailure } from './keychain-child';

type Failure = Exclude<KeychainAnswer, { ok: true }> | KeychainChildFailure;

type Context = {
  operation: 'load' | 'save' | 'clear';
  location: string;
  service: string;
  slot: string;
  timeoutMs: number;
};

const REASONS = {
  missing: 'unavailable',
  unavailable: 'unavailable',
  ended: 'unavailable',
  unreadable: 'unavailable',
  'not-started': 'unavailable',
  locked: 'locked',
  timeout: 'timeout',
  crashed: 'failed',
  failed: 'failed',
} as const satisfies Record<Failure['kind'], KimiCredentialStoreError['reason']>;

const USE_A_FILE = 'keep the login in a file instead: KIMI_CREDENTIAL_STORE=file';

/** Tells what went wrong with the keychain and what to do about it. `failure.message` is the library's own text. */
export function keychainError(
  failure: Failure,
  { operation, location, service, slot, timeoutMs }: Context,
): KimiCredentialStoreError {
  const error = (message: string) =>
    new KimiCredentialStoreError({ location, operation, reason: REASONS[failure.kind], message });
  switch (failure.kind) {
    case 'missing':
      return error(
        'The keychain cannot be used, because no library for it could be ' +
          `loaded${failure.message ? ` (${failure.message})` : ''}. ` +
          `Install one: npm install @napi-rs/keyring. Or ${USE_A_FILE}`,
      );
    case 'unavailable':
      return error(`This session has no keychain service (${failure.message}). ${headless()} Or ${USE_A_FILE}`);
    case 'ended':
      return error(
        `The keychain service ended in the middle of a request, twice (${failure.message}). Try again. ` +
          `Or ${USE_A_FILE}`,
      );
    case 'unreadable':
      return error(
        `The ${location} was written with ${failure.message}, which is not installed here, and only it can read it. ` +
          `Install it: npm install ${failure.message}. Or install secret-tool (Debian: apt-get install ` +
          'libsecret-tools), ' +
          `or delete the item of service ${service}, account ${slot}, and sign in again.`,
      );
    case 'locked':
      return error(
        `The keychain is locked, so the ${location} cannot be used (${failure.message}). Unlock it and try ` +
          `again. Or ${USE_A_FILE}`,
      );
    case 'timeout':
      return error(
        `The keychain did not answer within ${timeoutMs / 1000} s. If it asks for a password, answer it and ` +
          'try again; ' +
          `if not, its service hangs: sign out of the desktop session and in again. Or ${USE_A_FILE}`,
      );
    case 'crashed':
      return error(
        `The keychain library crashed (${failure.message}) in a process of its own; this one goes on. Try ` +
          `again. Or ${USE_A_FILE}`,
      );
    case 'not-started':
      return error(
        `The process that uses the keychain could not be started (${failure.message}). Instead, ${USE_A_FILE}`,
      );
    case 'failed':
      return error(
        `The keychain refused to ${operation} the ${location} (${failure.message}). Check it in the system's ` +
          `keychain app. Or ${USE_A_FILE}`,
      );
  }
}

function headless(): string {
  return process.platform === 'linux'
    ? 'Start one with a desktop session (GNOME Keyring, KWallet or KeePassXC on D-Bus).'
    : "Check that the system's keychain is running.";
}
