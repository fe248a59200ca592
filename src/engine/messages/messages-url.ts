import type { CallTarget } from '../call-target';

/**
 * Where the Anthropic wire is: beside chat completions on the coding service, below `/anthropic` on the platform
 * (docs/wire.md#anthropic-protocol, #anthropic-on-the-platform). The query is what every client sends.
 */
export function messagesURL({ service, apiBaseURL }: Pick<CallTarget, 'service' | 'apiBaseURL'>, path = ''): string {
  const base = service === 'platform' ? apiBaseURL.replace(/\/v1$/, '/anthropic/v1') : apiBaseURL;
  return `${base}/messages${path}?beta=true`;
}
