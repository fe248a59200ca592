import { keychainCredentialStore } from '../../credential-stores';
import { hasSessionBus } from '../../credentials/keychain/keychain-child';
import { KimiCredentialStoreError } from '../../errors/kimi-credential-store-error';
import type { Check } from './check';

/** Whether the keychain can be used; on Linux first whether there is a D-Bus session to find one by. */
export async function checkKeychain(
  environment: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
  slot: string,
): Promise<Check[]> {
  const forced = environment.KIMI_CREDENTIAL_STORE;
  if (forced && forced !== 'keychain') {
    return [{ name: 'Keychain', state: 'ok', detail: `not used: KIMI_CREDENTIAL_STORE is ${forced}` }];
  }
  const isNeeded = forced === 'keychain';
  const checks: Check[] = [];
  if (platform === 'linux') {
    const hasBus = hasSessionBus(environment);
    checks.push({
      name: 'D-Bus',
      state: hasBus ? 'ok' : isNeeded ? 'failure' : 'warning',
      detail: hasBus ? 'there is a session bus' : 'no session bus, so no keychain',
      fix: hasBus
        ? undefined
        : 'Usual on servers: the login is kept in a file. To have a keychain, run in a desktop session or under ' +
          '"dbus-run-session".',
    });
    if (!hasBus) {
      return checks;
    }
  }
  try {
    await keychainCredentialStore({ slot, environment }).load();
    checks.push({ name: 'Keychain', state: 'ok', detail: 'can be read' });
  } catch (error) {
    if (!KimiCredentialStoreError.isInstance(error)) {
      throw error;
    }
    const isAbsent = error.reason === 'unavailable' && !isNeeded;
    checks.push({
      name: 'Keychain',
      state: isAbsent ? 'warning' : 'failure',
      detail: error.message,
      fix: isAbsent ? 'The login is kept in a file meanwhile. KIMI_CREDENTIAL_STORE=file says so for good.' : undefined,
    });
  }
  return checks;
}
