import type { KimiCredentials } from '../../credentials/credential-store';
import { errorDetails } from '../../log/log';
import type { SessionContext } from './session-memory';

/** Runs a renewal, and tells that it began, and what came of it: by whom, and until when the new token lives. */
export async function loggedRenewal(
  context: SessionContext,
  renew: () => Promise<KimiCredentials>,
): Promise<KimiCredentials> {
  const log = context.log?.();
  if (log === undefined) {
    return renew();
  }
  const { location } = context.store;
  const before = context.memory.held?.credentials;
  const started = performance.now();
  const ms = () => Math.round(performance.now() - started);
  log.debug('renewal begins', { location });
  try {
    const after = await renew();
    const outcome = outcomeOf(context, before, after);
    const expiresAt = after.type === 'oauth' && after.expiresAt > 0 ? new Date(after.expiresAt * 1000) : undefined;
    log[outcome === 'renewed' ? 'info' : 'debug']('renewal ends', {
      location,
      ms: ms(),
      outcome,
      expiresAt: expiresAt?.toISOString(),
    });
    return after;
  } catch (error) {
    log.warn('renewal ends', { location, ms: ms(), outcome: 'failed', ...errorDetails(error) });
    throw error;
  }
}

/** `read`: the store had a good one, at the first look or because another process has renewed it. */
function outcomeOf(
  { registry }: SessionContext,
  before: KimiCredentials | undefined,
  after: KimiCredentials,
): 'renewed' | 'read' | 'unchanged' {
  if (before?.type === after.type && JSON.stringify(before) === JSON.stringify(after)) {
    return 'unchanged';
  }
  const isOurs = after.type === 'oauth' && [...registry.successors().values()].includes(after);
  return isOurs ? 'renewed' : 'read';
}
