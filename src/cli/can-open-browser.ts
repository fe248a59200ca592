import type { CommandContext } from './command-context';

/**
 * Whether a browser that opens now would be seen by who runs the command: not over SSH, not in CI, not for a program
 * that reads the output, and on Linux only with a display. (`open` reports success without a display, tooling.md 8.)
 */
export function canOpenBrowser({
  env,
  stdout,
  platform,
}: Pick<CommandContext, 'env' | 'stdout' | 'platform'>): boolean {
  if (stdout.isTTY !== true || env.CI || env.SSH_CONNECTION || env.SSH_CLIENT || env.SSH_TTY) {
    return false;
  }
  // Windows opens it for its Linux.
  return (
    platform === 'win32' || platform === 'darwin' || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY || env.WSL_DISTRO_NAME)
  );
}
