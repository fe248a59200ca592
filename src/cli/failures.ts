/** How commands end: exit codes, the errors of the command line itself, and one table from error to message. */
import { APICallError } from '@ai-sdk/provider';
import { networkFailureCode, networkFailureMessage } from '../api/network-failure';
import { ACCOUNT_TIME_LIMIT_MS } from '../api/request-json';
import { KimiAPIError } from '../errors/kimi-api-error';
import {
  KimiDeviceLoginError,
  KimiError,
  KimiInvalidArgumentError,
  KimiLoginRequiredError,
} from '../errors/kimi-error';
import { printableText } from '../errors/printable-text';
import { inFlags, refusalLines, type Reader } from './refusal-words';

/** How every command ends. Stable: scripts rely on them. */
export const EXIT_CODES = {
  ok: 0,
  /** Kimi refused, a store failed, a check of `doctor` failed. */
  failure: 1,
  /** The command line, a setting or a variable cannot work. Nothing was sent. */
  usage: 2,
  /** Nobody is signed in, or the login or key is no longer accepted. */
  loginRequired: 3,
  /** Kimi cannot be reached or is busy. The sign-in is kept; the same command may work later. */
  unavailable: 4,
  interrupted: 130,
  terminated: 143,
} as const;

/** The same for people: `--help` and docs/cli.md. */
export const EXIT_CODE_WORDS: ReadonlyArray<readonly [code: string, words: string]> = [
  ['0', 'done'],
  ['1', 'failed: the message says why'],
  ['2', 'wrong usage or setting; nothing was sent'],
  ['3', 'not signed in, or no longer: run "npx ai-sdk-provider-kimi login"'],
  ['4', 'Kimi cannot be reached or is busy: try again later'],
  ['130', 'interrupted by Ctrl-C (143: by SIGTERM); nothing half-written stays'],
];

/** The command line cannot work as it was given. The message says how it would. */
export class UsageError extends Error {
  readonly code = 'USAGE';

  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** The reason with which a command is aborted: by a signal, or because nobody reads its output any more. */
export class Interruption extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.name = 'Interruption';
    this.exitCode = exitCode;
  }
}

/** A failure as the person or the program sees it: never a stack. */
export type Failure = { code: string; message: string; exitCode: number };

/** Where nobody says who reads. */
const ANYBODY: Omit<Reader, 'now'> = { remedy: 'Sign in again: npx ai-sdk-provider-kimi login', flags: '' };

/**
 * One table from what was thrown to message and exit code. A refusal is three lines of the message
 * (`refusal-words.ts`).
 */
export function describeFailure(error: unknown, reader: Partial<Reader> = {}): Failure {
  if (error instanceof Interruption) {
    return { code: 'INTERRUPTED', message: error.message, exitCode: error.exitCode };
  }
  const message = printableText(messageOf(error, { ...ANYBODY, now: Date.now(), ...reader })).trim();
  return { code: codeOf(error), message, exitCode: exitCodeOf(error) };
}

function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError || KimiInvalidArgumentError.isInstance(error)) {
    return EXIT_CODES.usage;
  }
  // Not by status: a model or context that the plan lacks is a 401, too (docs/decisions.md#19-what-a-401-is-about).
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

function messageOf(error: unknown, reader: Reader): string {
  if (!(error instanceof Error)) {
    return 'Something failed without saying why.';
  }
  if (KimiAPIError.isInstance(error)) {
    return refusalLines(error, reader)?.join('\n') ?? inFlags(error.message);
  }
  const isOurs = KimiError.isInstance(error) || error instanceof UsageError || 'code' in error;
  if (APICallError.isInstance(error) && !isOurs) {
    const { host } = new URL(error.url);
    return (
      `${host} ${error.statusCode === undefined ? 'cannot be reached' : `answered HTTP ${error.statusCode}`}: ` +
      `${error.message}`
    );
  }
  return isOurs ? inFlags(error.message) : error.message;
}

/** Why a host could not be asked within {@link ACCOUNT_TIME_LIMIT_MS}: the system's code where there is one. */
export function networkReason(error: unknown): string {
  const code = networkFailureCode(error);
  if (code === 'TimeoutError') {
    return `no answer within ${ACCOUNT_TIME_LIMIT_MS / 1000} s`;
  }
  return error instanceof Error && code === error.name ? (networkFailureMessage(error) ?? code) : code;
}
