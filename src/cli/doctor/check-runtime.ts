import { VERSION } from '../../version';
import type { Check } from './check';

/** package.json "engines". */
const LEAST = [22, 12] as const;

export function checkRuntime(versions: Readonly<Record<string, string | undefined>>, platform: string): Check[] {
  const [major = 0, minor = 0] = (versions.node ?? '').split('.').map(Number);
  const isOld = major < LEAST[0] || (major === LEAST[0] && minor < LEAST[1]);
  const name = versions.bun === undefined ? `Node ${versions.node}` : `Bun ${versions.bun}`;
  return [
    {
      name: 'Runtime',
      state: isOld ? 'failure' : 'ok',
      detail: `${name} on ${platform}`,
      fix: isOld ? `Install Node ${LEAST.join('.')} or newer.` : undefined,
    },
    { name: 'Package', state: 'ok', detail: `ai-sdk-provider-kimi ${VERSION}` },
  ];
}
