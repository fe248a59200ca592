/** What went wrong in somebody else's store, in words that hold no secret. */
import { hideSecrets as hideValues } from '../errors/hide-secrets';
import type { KimiCredentials } from './credential-store';

/**
 * An error of a database client in one line that is fit to be shown. The error itself is not kept as a cause: clients
 * hang the command and its arguments on it, which hold the credential (ioredis `command.args`), and some servers repeat
 * arguments in the message.
 * @param saved what was to be saved, which the message may quote
 */
export function describeFailure(error: unknown, saved?: KimiCredentials | undefined): string {
  if (!(error instanceof Error)) {
    return 'unknown error';
  }
  const code = (error as { code?: unknown }).code;
  const message = (error.message || (typeof code === 'string' ? code : error.name)).slice(0, 4096);
  const text = hideSecrets(message, saved)
    .split('\n', 1)[0]!
    .replace(/,? ?with args beginning with.*$/i, '')
    .replaceAll(/\/\/[^/@\s]*@/g, '//')
    .slice(0, 200);
  return typeof code === 'string' && !text.includes(code) ? `${code}: ${text}` : text;
}

/** The same text without the tokens or the key: an error of a database or a driver may quote what was to be saved. */
export function hideSecrets(text: string, credentials: KimiCredentials | undefined): string {
  if (credentials === undefined) {
    return text;
  }
  const { type } = credentials;
  return hideValues(text, {
    secrets: type === 'oauth' ? [credentials.accessToken, credentials.refreshToken] : [credentials.key],
  });
}
