import type { KimiAPIErrorCode } from '../../errors/kimi-api-error';
import type { ErrorReason } from './kimi-error-advice';

/** What the table sees of a refusal. */
export type ErrorSubject = {
  /** HTTP status; `undefined` for an error in the middle of an answer. */
  status: number | undefined;
  /** The server's text, empty where it gave none. */
  text: string;
  /** `type` and `code` of the body. */
  types: readonly string[];
  /** The body is a page: of a proxy, a firewall or another host. */
  isPage: boolean;
};

/** One case of kimi-error-table.ts. */
export type ErrorRow = {
  code: KimiAPIErrorCode;
  reason: ErrorReason;
  /** Whether the same request may succeed if it is sent again. Default `false`. */
  retryable?: true;
  /** Statuses that types and texts count for; any when absent. An error without a status passes. */
  status?: readonly number[];
  types?: RegExp;
  /** The server's own texts. A page is never one. */
  texts?: readonly RegExp[];
  /** Statuses that are enough by themselves. */
  always?: readonly number[];
  /** Only where the body is a page. */
  page?: true;
  /** An error in the middle of an answer is enough by itself. */
  inAnswer?: true;
  /** Where the row is known from. */
  source: string;
};
