import { API_BASE_URLS, type KimiService } from '../upstream';

/**
 * What a key is that does not belong to `service`: `a Kimi Code key for api.kimi.com or api.kimi.ai (service:
 * 'coding')`. Keys of the plan begin with `sk-kimi-`; neither kind works on the other's hosts
 * (docs/wire.md#keys-belong-to-hosts).
 * @returns `undefined` for a key that may belong to `service`
 */
export function foreignKey(key: string, service: KimiService): string | undefined {
  const isPlanKey = key.startsWith('sk-kimi-');
  if (service === 'platform' && isPlanKey) {
    return `a Kimi Code key for ${hostsOf('coding')} (service: 'coding')`;
  }
  return service === 'coding' && !isPlanKey && key.startsWith('sk-')
    ? `a pay-per-token key for ${hostsOf('platform')} (service: 'platform')`
    : undefined;
}

function hostsOf(service: KimiService): string {
  return Object.values(API_BASE_URLS[service])
    .map(url => new URL(url).host)
    .join(' or ');
}
