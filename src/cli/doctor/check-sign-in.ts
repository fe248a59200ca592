import type { KimiAuth, KimiAuthStatus } from '../../provider/kimi-auth';
import { describeFailure } from '../describe-failure';
import { requestModels } from '../request-models';
import { shortenHome } from '../terminal/shorten-home';
import type { Check } from './check';

/** Where the login is, and whether Kimi accepts it: renewed if it is due, then tried on the list of models. */
export async function checkSignIn(
  auth: KimiAuth,
  { loginCommand, isOnline, abortSignal }: { loginCommand: string; isOnline: boolean; abortSignal: AbortSignal },
): Promise<Check[]> {
  const fix = `Run: ${loginCommand}`;
  try {
    const status = await auth.status();
    const isSignedIn = status.state === 'valid' || status.state === 'due';
    const place: Check = {
      name: 'Sign-in',
      state: isSignedIn ? 'ok' : 'failure',
      detail: `${whatIsThere(status)} in ${shortenHome(status.source)}, account "${status.account}"`,
      fix: isSignedIn ? undefined : fix,
    };
    return isSignedIn && isOnline ? [place, await tryToken(auth, status, fix, abortSignal)] : [place];
  } catch (error) {
    abortSignal.throwIfAborted();
    // The message of a store says what to do.
    return [{ name: 'Sign-in', state: 'failure', detail: describeFailure(error).message }];
  }
}

function whatIsThere({ state, kind }: KimiAuthStatus): string {
  return state === 'missing'
    ? 'none'
    : state === 'revoked'
      ? 'a login that has ended'
      : kind === 'oauth'
        ? 'a login'
        : 'a key';
}

async function tryToken(auth: KimiAuth, status: KimiAuthStatus, fix: string, abortSignal: AbortSignal): Promise<Check> {
  const name = status.kind === 'oauth' ? 'Token' : 'Key';
  try {
    const models = await requestModels(
      status,
      { fetch: auth.fetch, source: shortenHome(status.source), remedy: fix },
      abortSignal,
    );
    return { name, state: 'ok', detail: `accepted; ${models.length} models` };
  } catch (error) {
    abortSignal.throwIfAborted();
    return { name, state: 'failure', detail: describeFailure(error).message };
  }
}
