import { createHash } from 'node:crypto';
import { API_BASE_URLS, OAUTH_HOSTS } from '../../upstream';

/**
 * The name under which the official TypeScript client keeps a login: `kimi-code` for the mainland pair of hosts, else
 * `kimi-code-env-` and 16 hex digits of a digest of both (wire.md 4; B:61590-61597). So logins of different hosts never
 * mix. The URLs count as written, but for white space around the host and slashes at the end (B:61551-61559).
 */
export function kimiCodeSlot({ oauthHost, apiBaseURL }: { oauthHost: string; apiBaseURL: string }): string {
  const host = oauthHost.trim().replace(/\/+$/, '');
  const baseUrl = apiBaseURL.replace(/\/+$/, '');
  if (host === OAUTH_HOSTS['mainland-cn'] && baseUrl === API_BASE_URLS.coding['mainland-cn']) {
    return 'kimi-code';
  }
  const digest = createHash('sha256')
    .update(JSON.stringify({ oauthHost: host, baseUrl }))
    .digest('hex');
  return `kimi-code-env-${digest.slice(0, 16)}`;
}
