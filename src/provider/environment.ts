import type { Environment } from '../endpoints';

/**
 * The environment at this moment, without `node:`: edge runtimes have no `process`, or one without `env`. Empty
 * variables count as unset.
 */
export function readEnvironment(): Environment {
  const environment = (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env ?? {};
  return new Proxy(environment, {
    get: (target, name) => (typeof name === 'string' ? target[name] || undefined : undefined),
  });
}
