/**
 * How opencode 1.18.33 decides to retry (docs/wire.md#opencode-retries-by-words): the flag, any status from 500 on, or
 * a word in the message or the response body.
 */
export const OPENCODE_RETRY_WORDS: readonly RegExp[] = [
  /429|500|502|503|504|524/i,
  /rate increased too quickly|rate limit|rate-limit|rate_limit|too many requests/i,
  /overloaded|service unavailable|service_unavailable|service-unavailable|internal error|internal_error|internal server error|server error|server_error|server-error|provider returned error|provider_returned_error|provider-returned-error/i,
  /terminated|fetch failed|failed to fetch|network[-_\s]error|upstream connect|connection error|connection refused|connection lost|socket connection was closed|socket hang up|reset before headers|getaddrinfo|enotfound|eai_again|econnrefused|econnreset|etimedout/i,
  /^timeout$|\b(?:request|response|connection|network|stream|read) (?:timeout|timed out|time out)\b/i,
  /try your request again|retry your request|resource exhausted|resource_exhausted/i,
  /\btry again (?:later|in\b)|\b(?:currently|temporarily) at capacity\b/i,
];

/** By which opencode and pi know that they must compact the conversation. */
export const OPENCODE_OVERFLOW = /exceeded model token limit|request entity too large/i;

export function opencodeRetries(error: {
  isRetryable: boolean;
  statusCode?: number | undefined;
  message: string;
  responseBody?: string | undefined;
}): boolean {
  const matches = (text: string | undefined) =>
    text !== undefined && OPENCODE_RETRY_WORDS.some(word => word.test(text));
  return error.isRetryable || (error.statusCode ?? 0) >= 500 || matches(error.message) || matches(error.responseBody);
}
