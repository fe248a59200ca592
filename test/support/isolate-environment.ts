/**
 * No test touches the real HOME, keychain, Kimi variables or the network (docs/decisions.md#35-isolated-tests), and
 * none depends on who runs it: on a terminal's TERM, NO_COLOR or COLUMNS, a desktop's DISPLAY, a shell's NODE_OPTIONS,
 * a proxy. Runs before each test file: of the environment only what is listed here is left, HOME is a fresh folder, and
 * only loopback can be reached. Time zone and language stay: what depends on them is a fault of the code, and `.ci/run`
 * tries others.
 */
import { mkdtempSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What the tests and the programs that they start need: programs, temporary files, the test runner, npm's registry. */
const KEPT = new RegExp(
  '^(PATH|TMPDIR|TEMP|TMP|TZ|LANG|LANGUAGE|LC_.*|TEST|TEST_SERVICES|FUZZ_SEED|FUZZ_RUNS|UPDATE_README|SCREENSHOTS|' +
    'VITEST.*|TINYPOOL.*|NODE_ENV|MODE|DEV|PROD|SSR|BASE_URL|npm_.*|NODE_EXTRA_CA_CERTS|SSL_CERT_.*|' +
    'SystemRoot|SystemDrive|windir|ComSpec|PATHEXT)$',
  'i',
);
/** The session of the Secret Service that `.ci/with-keyring` has started. */
const SERVICE = /^(DBUS_SESSION_BUS_ADDRESS|XDG_RUNTIME_DIR)$/;

const hasKeyring = (process.env.TEST_SERVICES ?? '').split(',').includes('secret-service');
for (const name of Object.keys(process.env)) {
  if (!KEPT.test(name) && !(hasKeyring && SERVICE.test(name))) {
    delete process.env[name];
  }
}

const home = mkdtempSync(join(tmpdir(), 'kimi-test-home-'));
process.env.HOME = home;
process.env.USERPROFILE = home;
// A desktop's session bus is found in /run/user by who has no variable.
process.env.XDG_RUNTIME_DIR ??= home;

// The AI SDK prints every warning; tests read them from the results.
(globalThis as { AI_SDK_LOG_WARNINGS?: boolean }).AI_SDK_LOG_WARNINGS = false;

const loopback = new Set(['127.0.0.1', '::1', 'localhost', undefined]);
const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (this: net.Socket, ...parameters: unknown[]) {
  const first = Array.isArray(parameters[0]) ? (parameters[0] as unknown[])[0] : parameters[0];
  const target = first as { host?: string; path?: string } | number | string;
  const host =
    typeof target === 'object' && target !== null
      ? target.host
      : typeof target === 'number'
        ? (parameters[1] as string | undefined)
        : undefined;
  // Nobody ever has a name that ends in `.invalid` (RFC 6761, 6.4).
  if (typeof host === 'string' && !loopback.has(host) && !host.endsWith('.invalid')) {
    throw new Error(`A test tried to reach ${host}; only loopback is allowed.`);
  }
  return Reflect.apply(connect, this, parameters) as net.Socket;
} as typeof connect;
