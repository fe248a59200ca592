/**
 * Words by which hosts decide to retry, whatever `isRetryable` says: opencode 1.18.33 matches them against `message`
 * and `responseBody` (docs/wire.md#opencode-retries-by-words). Kimi's gate answers with the type
 * `access_terminated_error`, which costs six requests and 73 seconds there.
 *
 * Each with what says the same to a reader and matches nothing.
 */
const RETRY_WORDS: ReadonlyArray<readonly [pattern: RegExp, replacement: string]> = [
  [/rate increased too quickly/gi, 'rate rose too fast'],
  [/rate([ _-])limit/gi, 'rate$1cap'],
  [/too([ _-])many([ _-])requests/gi, 'too$1frequent$2requests'],
  [/overloaded/gi, 'busy'],
  [/service([ _-])unavailable/gi, 'service$1down'],
  [/internal([ _])error/gi, 'internal$1fault'],
  [/server([ _-])error/gi, 'server$1fault'],
  [/provider([ _-])returned([ _-])error/gi, 'provider$1gave$2fault'],
  [/terminated/gi, 'ended'],
  [/fetch failed|failed to fetch/gi, 'fetch broke'],
  [/network([-_\s])error/gi, 'network$1fault'],
  [/upstream connect/gi, 'upstream link'],
  [/socket connection was closed|socket hang up/gi, 'socket closed'],
  [/connection (?:error|refused|lost)/gi, 'connection broken'],
  [/reset before headers/gi, 'reset early'],
  [/getaddrinfo|enotfound|eai_again/gi, 'name lookup'],
  [/econnrefused|econnreset|etimedout/gi, 'no connection'],
  [/^timeout$/gi, 'time limit'],
  [/\b(request|response|connection|network|stream|read) (?:timeout|timed out|time out)\b/gi, '$1 took too long'],
  [/(?:try|retry) your request(?: again)?/gi, 'repeat your request'],
  [/resource([ _])exhausted/gi, 'resource$1used up'],
  [/\btry again (later|in)\b/gi, 'repeat it $1'],
  [/\b(currently|temporarily) at capacity\b/gi, '$1 full'],
];

/** In any longer number, too. */
const RETRY_STATUS = /429|500|502|503|504|524/;

/** The same text without a word by which a host would retry. */
export function withoutRetryWords(text: string): string {
  let result = text.replace(/\d+/g, number => (RETRY_STATUS.test(number) ? '…' : number));
  // What one replacement joins may be a word again; every pass makes the text shorter or ends.
  for (let pass = 0; pass < 8 && RETRY_WORDS.some(([pattern]) => result.search(pattern) >= 0); pass++) {
    for (const [pattern, replacement] of RETRY_WORDS) {
      result = result.replace(pattern, pass === 0 ? replacement : '…');
    }
  }
  return result;
}
