import { KimiInvalidArgumentError } from '../errors/kimi-error';
import type { FetchFunction } from '../transport/fetch';
import { TOOL_CALL_ID_HEADER, type KimiService } from '../upstream';

/** What a search or a page is asked for with. */
export type WebCall = {
  /** Signs in and identifies. */
  fetch: FetchFunction;
  apiBaseURL: string;
  service: KimiService;
  abortSignal?: AbortSignal | undefined;
  /** Where the credential came from that was sent, for messages. */
  credentialSource?: (() => string | undefined) | undefined;
  /** The credentials that were sent, so that no error shows them. */
  secrets?: (() => Iterable<string>) | undefined;
};

/** What both have in common. */
export type WebOptions = {
  /** How many milliseconds all of it may take, a renewal of the login included. @default 60000 */
  timeoutMs?: number | undefined;
  /** The model's id of the call that this is for; the coding service is told, as by the official clients. */
  toolCallId?: string | undefined;
  abortSignal?: AbortSignal | undefined;
};

const TIME_LIMIT_MS = 60_000;

/** The longest that timers know. */
const LONGEST_MS = 2 ** 31 - 1;

/** @throws KimiInvalidArgumentError for what is no time */
export function timeLimitOf(timeoutMs: number = TIME_LIMIT_MS): number {
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > LONGEST_MS) {
    throw new KimiInvalidArgumentError({
      argument: 'timeoutMs',
      message: `"timeoutMs" must be a whole number of milliseconds from 1 to ${LONGEST_MS}.`,
    });
  }
  return timeoutMs;
}

/** None where the id cannot be a header, for it comes from a model; and none for the platform, which knows no such. */
export function toolCallHeader(service: KimiService, id: string | undefined): Record<string, string> {
  return service === 'coding' && id !== undefined && /^[\x21-\x7e]{1,256}$/.test(id)
    ? { [TOOL_CALL_ID_HEADER]: id }
    : {};
}
