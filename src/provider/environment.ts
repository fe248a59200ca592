import type { Environment } from '../endpoints';

/** What a call looks at. Everything else is looked at when a store, an identity or a cache is opened. */
const CALL_VARIABLES = [
  'KIMI_ACCOUNT',
  'KIMI_API_KEY',
  'KIMI_CODER_API_KEY',
  'KIMI_CODE_BASE_URL',
  'KIMI_CODE_OAUTH_HOST',
  'KIMI_OAUTH_HOST',
  'MOONSHOT_API_KEY',
] as const;

/** Without `node:`: edge runtimes have no `process`, or one without `env`. */
function variables(): Environment {
  return (globalThis as { process?: { env?: Environment } }).process?.env ?? {};
}

/** The variables of a call as they are now, and one text that is the same while they are. */
export function readCallVariables(): { environment: Environment; fingerprint: string } {
  const all = variables();
  const environment: Record<string, string | undefined> = {};
  let fingerprint = '';
  for (const name of CALL_VARIABLES) {
    const value = all[name] || undefined;
    environment[name] = value;
    fingerprint += `${value ?? ''}\n`;
  }
  return { environment, fingerprint };
}

/** The whole environment as it is now. Empty variables count as unset. */
export function readEnvironment(): Environment {
  return Object.fromEntries(Object.entries(variables()).filter(([, value]) => value !== ''));
}
