/**
 * No test touches the real HOME, keychain, Kimi variables or the network (decisions.md 35).
 * Runs before each test file: HOME is a fresh folder, the variables are gone, and only loopback can be reached.
 */
import { mkdtempSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

for (const name of Object.keys(process.env)) {
  if (/^(KIMI|MOONSHOT|ANTHROPIC)_/.test(name)) {
    delete process.env[name];
  }
}

const home = mkdtempSync(join(tmpdir(), 'kimi-test-home-'));
process.env.HOME = home;
process.env.USERPROFILE = home;
for (const name of [
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
  'XDG_CACHE_HOME',
  'XDG_STATE_HOME',
  'APPDATA',
  'LOCALAPPDATA',
]) {
  delete process.env[name];
}

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
  if (typeof host === 'string' && !loopback.has(host)) {
    throw new Error(`A test tried to reach ${host}; only loopback is allowed.`);
  }
  return Reflect.apply(connect, this, parameters) as net.Socket;
} as typeof connect;
