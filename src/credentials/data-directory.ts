import { homedir as osHomedir } from 'node:os';
import { posix, win32 } from 'node:path';

/** What {@link dataDirectory} depends on. Default: this process. */
export type DataDirectoryOptions = {
  environment?: Readonly<Record<string, string | undefined>>;
  platform?: NodeJS.Platform;
  homedir?: () => string;
};

const NAME = 'ai-sdk-provider-kimi';

/**
 * Where this package keeps credentials, locks and its device id (decisions.md 15): `KIMI_PROVIDER_HOME`, else the
 * platform's folder for data of an application: `$XDG_DATA_HOME` or `~/.local/share`, `~/Library/Application Support`,
 * `%LOCALAPPDATA%`. Empty variables count as unset; a relative `XDG_DATA_HOME` is ignored, as its specification
 * demands.
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
