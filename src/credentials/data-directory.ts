import { chmod, mkdir } from 'node:fs/promises';
import { homedir as osHomedir } from 'node:os';
import { dirname, isAbsolute, posix, win32 } from 'node:path';
import { KimiCredentialStoreError } from '../errors/kimi-error';

/** What {@link dataDirectory} depends on. Default: this process. */
export type DataDirectoryOptions = {
  environment?: Readonly<Record<string, string | undefined>>;
  platform?: NodeJS.Platform;
  homedir?: () => string | undefined;
};

const NAME = 'ai-sdk-provider-kimi';

/**
 * The home directory, or `undefined` where this user has none: no HOME and no entry in the list of users, as in a
 * container that runs as `--user 12345`, where Node's `homedir` throws. An empty or relative one is none either: it
 * would mean the folder that the program happens to run in.
 */
export function homeDirectory(homedir: () => string = osHomedir): string | undefined {
  try {
    const home = homedir();
    return isAbsolute(home) ? home : undefined;
  } catch {
    return undefined;
  }
}

/** A place in the home directory of a user who has none. */
export const NO_HOME = 'the home directory, which this user does not have';

/**
 * A login cannot be kept in the home directory; says where else (docs/decisions.md#54-no-home).
 * @param variable the one that moves what the store keeps
 */
export function noHomeDirectory(
  operation: KimiCredentialStoreError['operation'],
  variable = 'KIMI_PROVIDER_HOME',
): KimiCredentialStoreError {
  return new KimiCredentialStoreError({
    location: NO_HOME,
    operation,
    reason: 'unavailable',
    message:
      'There is no place to keep a Kimi login: HOME is not set, and the user that this program runs as has no entry ' +
      `in the list of users. Set ${variable} to a folder that this user can write, pass another credentialStore (for ` +
      'several machines: redisCredentialStore), or use a key, which needs no place: KIMI_API_KEY.',
  });
}

/**
 * Where this package keeps credentials, locks and its device id (docs/decisions.md#15-stores-and-places):
 * `KIMI_PROVIDER_HOME`, else the platform's folder for data of an application: `$XDG_DATA_HOME` or `~/.local/share`,
 * `~/Library/Application Support`, `%LOCALAPPDATA%`. Empty variables count as unset; a relative `XDG_DATA_HOME` is
 * ignored, as its specification demands. `undefined` where that is the home directory and there is none.
 */
export function dataDirectory({
  environment = process.env,
  platform = process.platform,
  homedir = homeDirectory,
}: DataDirectoryOptions = {}): string | undefined {
  const path = platform === 'win32' ? win32 : posix;
  const moved = environment.KIMI_PROVIDER_HOME;
  if (moved) {
    return path.resolve(moved);
  }
  const named = platform === 'win32' ? environment.LOCALAPPDATA : environment.XDG_DATA_HOME;
  if (named && platform !== 'darwin' && path.isAbsolute(named)) {
    return path.join(named, NAME);
  }
  const home = homedir();
  return home === undefined ? undefined : path.join(home, ...dataFolder(platform), NAME);
}

function dataFolder(platform: NodeJS.Platform): string[] {
  return platform === 'win32'
    ? ['AppData', 'Local']
    : platform === 'darwin'
      ? ['Library', 'Application Support']
      : ['.local', 'share'];
}

/** Where this package keeps what it can ask for again. `undefined` as for {@link dataDirectory}. */
export function cacheDirectory({
  environment = process.env,
  platform = process.platform,
  homedir = homeDirectory,
}: DataDirectoryOptions = {}): string | undefined {
  const path = platform === 'win32' ? win32 : posix;
  if (environment.KIMI_PROVIDER_HOME) {
    return path.resolve(environment.KIMI_PROVIDER_HOME, 'cache');
  }
  if (platform === 'win32') {
    const data = dataDirectory({ environment, platform, homedir });
    return data === undefined ? undefined : path.join(data, 'Cache');
  }
  if (platform !== 'darwin' && environment.XDG_CACHE_HOME && path.isAbsolute(environment.XDG_CACHE_HOME)) {
    return path.join(environment.XDG_CACHE_HOME, NAME);
  }
  const home = homedir();
  const folder = platform === 'darwin' ? ['Library', 'Caches'] : ['.cache'];
  return home === undefined ? undefined : path.join(home, ...folder, NAME);
}

/**
 * Makes a directory and its missing parents with mode 0700, whatever the umask. A directory that is there keeps its
 * mode: it may be shared on purpose.
 */
export async function makePrivateDirectory(path: string): Promise<void> {
  try {
    await makeDirectory(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) {
      throw error;
    }
    await makePrivateDirectory(dirname(path));
    // Once: below a link to nowhere, and in /proc, it is missing for ever.
    await makeDirectory(path);
  }
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
    // The umask took bits away from the mode above.
    await chmod(path, 0o700);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw error;
    }
  }
}
