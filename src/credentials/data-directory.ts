import { chmod, mkdir } from 'node:fs/promises';
import { homedir as osHomedir } from 'node:os';
import { dirname, posix, win32 } from 'node:path';

/** What {@link dataDirectory} depends on. Default: this process. */
export type DataDirectoryOptions = {
  environment?: Readonly<Record<string, string | undefined>>;
  platform?: NodeJS.Platform;
  homedir?: () => string;
};

const NAME = 'ai-sdk-provider-kimi';

/**
 * Where this package keeps credentials, locks and its device id (docs/decisions.md#15-stores-and-places):
 * `KIMI_PROVIDER_HOME`, else the platform's folder for data of an application: `$XDG_DATA_HOME` or `~/.local/share`,
 * `~/Library/Application Support`, `%LOCALAPPDATA%`. Empty variables count as unset; a relative `XDG_DATA_HOME` is
 * ignored, as its specification demands.
 */
export function dataDirectory({
  environment = process.env,
  platform = process.platform,
  homedir = osHomedir,
}: DataDirectoryOptions = {}): string {
  const path = platform === 'win32' ? win32 : posix;
  const moved = environment.KIMI_PROVIDER_HOME;
  if (moved) {
    return path.resolve(moved);
  }
  if (platform === 'win32') {
    return path.join(environment.LOCALAPPDATA || path.join(homedir(), 'AppData', 'Local'), NAME);
  }
  if (platform === 'darwin') {
    return path.join(homedir(), 'Library', 'Application Support', NAME);
  }
  const base =
    environment.XDG_DATA_HOME && path.isAbsolute(environment.XDG_DATA_HOME)
      ? environment.XDG_DATA_HOME
      : path.join(homedir(), '.local', 'share');
  return path.join(base, NAME);
}

/**
 * Makes a directory and its missing parents with mode 0700, whatever the umask. A directory that is there keeps its
 * mode: it may be shared on purpose.
 */
export async function makePrivateDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
    // The umask took bits away from the mode above.
    await chmod(path, 0o700);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' && dirname(path) !== path) {
      await makePrivateDirectory(dirname(path));
      await makePrivateDirectory(path);
    } else if (code !== 'EEXIST') {
      throw error;
    }
  }
}
