/** What `doctor` looks at on this machine: the runtime, the keychain, the files. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { keychainCredentialStore } from '../../credential-stores';
import { dataDirectory } from '../../credentials/data-directory';
import { hasSessionBus } from '../../credentials/keychain/keychain-child';
import { KimiCredentialStoreError } from '../../errors/kimi-error';
import { fixOfRuntime } from '../../platform/node-version';
import { VERSION } from '../../version';
import { shortenHome } from '../wording';

/** What one look at the machine found. */
export type Check = {
  /** Two words at most. */
  name: string;
  /**
   * `warning`: works, but not as it should. `failure`: something does not work. `skipped`: was not looked at; `detail`
   * says why.
   */
  state: 'ok' | 'warning' | 'failure' | 'skipped';
  /** What was found. Never a secret. */
  detail: string;
  /** What to do about it. */
  fix?: string | undefined;
  /** What `doctor` ends with where this is the first failure. @default 1 */
  exitCode?: number | undefined;
};

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether this Node is one that the package runs on. */
export function checkRuntime(versions: Readonly<Record<string, string | undefined>>, platform: string): Check[] {
  const fix = fixOfRuntime(versions);
  const name = versions.bun === undefined ? `Node ${versions.node}` : `Bun ${versions.bun}`;
  return [
    {
      name: 'Runtime',
      state: fix === undefined ? 'ok' : 'failure',
      detail: `${name} on ${platform}`,
      fix,
    },
    { name: 'Package', state: 'ok', detail: `ai-sdk-provider-kimi ${VERSION}` },
  ];
}

/** Whether the keychain can be used; on Linux first whether there is a D-Bus session to find one by. */
export async function checkKeychain(
  environment: Environment,
  platform: NodeJS.Platform,
  slot: string,
): Promise<Check[]> {
  const forced = environment.KIMI_CREDENTIAL_STORE;
  if (forced && forced !== 'keychain') {
    return [{ name: 'Keychain', state: 'skipped', detail: `not used: KIMI_CREDENTIAL_STORE is ${forced}` }];
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
      return [...checks, { name: 'Keychain', state: 'skipped', detail: 'needs a session bus' }];
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

/**
 * Whether others on this machine can read the files with logins. Windows has access lists instead, which the profile
 * folder sets.
 */
export async function checkFileModes(environment: Environment, platform: NodeJS.Platform): Promise<Check> {
  const directory = dataDirectory({ environment });
  const name = 'Files';
  if (directory === undefined) {
    const fix = 'A key needs no place. For a login set KIMI_PROVIDER_HOME to a folder that this user can write.';
    return { name, state: 'warning', detail: 'this user has no home directory to keep a login in', fix };
  }
  const shown = shortenHome(directory);
  if (platform === 'win32') {
    return { name, state: 'ok', detail: `${shown} (protected by the folder of your profile)` };
  }
  const own = await stat(directory).catch((error: NodeJS.ErrnoException) => error);
  if (own instanceof Error) {
    if (own.code === 'ENOENT') {
      return { name, state: 'ok', detail: `nothing is kept in ${shown}` };
    }
    const fix = 'Make it yours, or set KIMI_PROVIDER_HOME to another folder.';
    return { name, state: 'failure', detail: `${shown} cannot be looked at (${own.code})`, fix };
  }
  const open = (await filesOf(directory)).filter(({ mode }) => (mode & 0o077) !== 0);
  if (open.length > 0) {
    return {
      name,
      state: 'failure',
      detail: `others on this machine can use ${open.map(({ path }) => shortenHome(path)).join(', ')}`,
      fix: open.map(({ path }) => `chmod 600 "${path}"`).join(' && '),
    };
  }
  const others = own.mode & 0o077;
  return others === 0
    ? { name, state: 'ok', detail: `${shown}, for you alone` }
    : {
        name,
        state: 'warning',
        detail: `others on this machine can look into ${shown}`,
        fix: `chmod 700 "${directory}"`,
      };
}

async function filesOf(directory: string): Promise<Array<{ path: string; mode: number }>> {
  const names = (await readdir(directory).catch(() => [])).filter(name => name.endsWith('.json'));
  const files = await Promise.all(
    names.map(async name => {
      const path = join(directory, name);
      return { path, mode: (await stat(path).catch(() => undefined))?.mode ?? 0 };
    }),
  );
  return files;
}
