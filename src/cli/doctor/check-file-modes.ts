import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { dataDirectory } from '../../credentials/data-directory';
import { shortenHome } from '../terminal/shorten-home';
import type { Check } from './check';

/**
 * Whether others on this machine can read the files with logins. Windows has access lists instead, which the profile
 * folder sets.
 */
export async function checkFileModes(
  environment: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
): Promise<Check> {
  const directory = dataDirectory({ environment });
  const name = 'Files';
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
