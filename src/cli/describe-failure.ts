import { APICallError } from '@ai-sdk/provider';
import { KimiAPIError } from '../errors/kimi-api-error';
import { KimiDeviceLoginError } from '../errors/kimi-device-login-error';
import { KimiError } from '../errors/kimi-error';
import { KimiInvalidArgumentError } from '../errors/kimi-invalid-argument-error';
import { KimiLoginRequiredError } from '../errors/kimi-login-required-error';
import { EXIT_CODES } from './exit-codes';
import { Interruption } from './interruption';
import { printableText } from './terminal/printable-text';
import { UsageError } from './usage-error';

/** A failure as the person or the program sees it: never a stack. */
export type Failure = { code: string; message: string; exitCode: number };

/** One table from what was thrown to message and exit code. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof Interruption) {
    return { code: 'INTERRUPTED', message: error.message, exitCode: error.exitCode };
  }
  const message = printableText(messageOf(error)).trim();
  return { code: codeOf(error), message, exitCode: exitCodeOf(error) };
}

function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError || KimiInvalidArgumentError.isInstance(error)) {
    return EXIT_CODES.usage;
  }
  // Not by status: a model or context that the plan lacks is a 401, too (decisions.md 19).
  if (
    KimiLoginRequiredError.isInstance(error) ||
    (KimiAPIError.isInstance(error) && error.code === 'KIMI_NOT_AUTHENTICATED')
  ) {
    return EXIT_CODES.loginRequired;
  }
  const isPassing = APICallError.isInstance(error)
    ? error.isRetryable
    : KimiDeviceLoginError.isInstance(error) && error.reason === 'unreachable';
  return isPassing ? EXIT_CODES.unavailable : EXIT_CODES.failure;
}

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  if (
    typeof code === 'string' &&
    (KimiError.isInstance(error) || APICallError.isInstance(error) || error instanceof UsageError)
  ) {
    return code;
  }
  if (APICallError.isInstance(error)) {
    return error.statusCode === undefined ? 'UNREACHABLE' : `HTTP_${error.statusCode}`;
  }
  return 'UNEXPECTED';
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return 'Something failed without saying why.';
  }
  const isOurs = KimiError.isInstance(error) || error instanceof UsageError || 'code' in error;
  if (APICallError.isInstance(error) && !isOurs) {
    const { host } = new URL(error.url);
    return (
      `${host} ${error.statusCode === undefined ? 'cannot be reached' : `answered HTTP ${error.statusCode}`}: ` +
      `${error.message}`
    );
  }
  return error.message;
}
