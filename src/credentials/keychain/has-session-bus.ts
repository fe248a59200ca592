import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Whether the libraries have any chance to find a D-Bus session. Where they have none (a server, a container, cron),
 * the keychain is reported as unavailable without the cost of a process.
 */
export function hasSessionBus(environment: Readonly<Record<string, string | undefined>>): boolean {
  // With a display, a bus may be started on demand.
  if (environment.DBUS_SESSION_BUS_ADDRESS || environment.DISPLAY) {
    return true;
  }
  const runtime = environment.XDG_RUNTIME_DIR || `/run/user/${process.getuid?.() ?? 0}`;
  return existsSync(join(runtime, 'bus'));
}
