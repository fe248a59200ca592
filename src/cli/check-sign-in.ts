import { KimiAPIError } from '../errors/kimi-api-error';
import { KimiLoginRequiredError, KimiRedirectError } from '../errors/kimi-error';
import { KimiTokenRefreshError } from '../errors/kimi-token-refresh-error';
import type { KimiAuth, KimiAuthStatus } from '../provider/kimi-auth';
import type { CommandContext } from './command';
import { describeFailure } from './failures';
import { requestModels } from './request-models';
import { shortenHome } from './wording';
import { anySignal } from '../transport/any-signal';

/** What the server says of a sign-in. */
export type SignInCheck =
  /** It takes the credential. */
  | { outcome: 'accepted' }
  /** It does not: who relies on it has to sign in. */
  | { outcome: 'rejected'; code: string; message: string }
  /** It knows who it is, and refuses all the same: no plan, a closed account. */
  | { outcome: 'refused'; code: string; message: string }
  /** Nobody knows: it did not answer, or not in time. */
  | { outcome: 'unknown'; code: string; message: string };

/**
 * Asks Kimi for the list of models, with the credential that requests would use; a login that is due is renewed first.
 * @param timeLimitMs how long all of it may take
 * @throws KimiCredentialStoreError, and the reason of the command's end
 */
export async function checkSignIn(
  auth: KimiAuth,
  status: KimiAuthStatus,
  { remedy, timeLimitMs, abortSignal }: { remedy: string; timeLimitMs: number } & Pick<CommandContext, 'abortSignal'>,
): Promise<SignInCheck> {
  const limit = AbortSignal.timeout(timeLimitMs);
  const signal = anySignal(limit, abortSignal);
  try {
    const secret = await auth.getAccessToken({ abortSignal: signal });
    await requestModels(status, { fetch: auth.fetch, source: shortenHome(status.source), secret, remedy }, signal);
    return { outcome: 'accepted' };
  } catch (error) {
    abortSignal.throwIfAborted();
    if (limit.aborted) {
      const { host } = new URL(status.apiBaseURL);
      return { outcome: 'unknown', code: 'TIMEOUT', message: `${host} gave no answer within ${timeLimitMs / 1000} s.` };
    }
    const { code, message } = describeFailure(error);
    const isRejected = KimiAPIError.isInstance(error) && error.code === 'KIMI_NOT_AUTHENTICATED';
    if (isRejected || KimiLoginRequiredError.isInstance(error)) {
      return { outcome: 'rejected', code, message };
    }
    if (KimiAPIError.isInstance(error)) {
      const isRefused = error.statusCode === 402 || error.statusCode === 403;
      return { outcome: isRefused ? 'refused' : 'unknown', code, message };
    }
    if (KimiTokenRefreshError.isInstance(error) || KimiRedirectError.isInstance(error)) {
      return { outcome: 'unknown', code, message };
    }
    throw error;
  }
}
