import type { LanguageModelV4Usage } from '@ai-sdk/provider';
import type { KimiRateLimits } from '../api/rate-limits';
import type { KimiAPIError } from '../errors/kimi-api-error';
import type { KimiService } from '../upstream';

/**
 * What one answered request tells of use, for the setting `onUsage`: the tokens of a good answer, the limits that its
 * headers name, or the refusal that says that something is used up. What the answer does not say is `undefined`.
 */
export type KimiUsageReport = {
  /** Slug that was sent. */
  modelId: string;
  service: KimiService;
  account: string;
  /** HTTP status. */
  status: number;
  /** The server's id of the request. */
  traceId: string | undefined;
  /** Tokens, as AI SDK 7 has them. `undefined` for a refusal, and where the answer says none. */
  tokens: LanguageModelV4Usage | undefined;
  /** What the headers say. Kimi documents none, so do not rely on them. */
  rateLimits: KimiRateLimits | undefined;
  /** The refusal: `code`, `reason`, `resetsAt`, `retryAfter` say what is used up, and until when. */
  error: KimiAPIError | undefined;
};

/** A function of the user's; what it throws or rejects with changes nothing. */
export type OnUsage = (report: KimiUsageReport) => unknown;
