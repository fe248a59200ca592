/**
 * pi 1.5.2 has nothing but the text of an error to decide by whether it asks again (docs/wire.md#pi-retries-by-words).
 * Each of its words, with what says the same to a reader and matches nothing.
 */
const RETRY_WORDS: ReadonlyArray<readonly [pattern: RegExp, replacement: string]> = [
  [/overloaded|server_busy/gi, 'busy'],
  [/servers are currently busy/gi, 'servers have much to do'],
  [/currently experiencing high demand/gi, 'much asked for'],
  [/model is at capacity/gi, 'model is full'],
  [/rate(.?)limit/gi, 'rate$1cap'],
  [/too many requests/gi, 'too frequent requests'],
  [/service(.?)(is.?)?(?:temporarily.?)?unavailable/gi, 'service$1$2down'],
  [/server(.?)error/gi, 'server$1fault'],
  [/internal(.?)error/gi, 'internal$1fault'],
  [/provider(.?)returned(.?)(?:an.?)?error/gi, 'provider$1gave$2fault'],
  [/exceeded request buffer limit while retrying upstream/gi, 'too large upstream'],
  [/unable to forward upstream/gi, 'not forwarded upstream'],
  [/upstream(.?)request(.?)failed/gi, 'upstream$1request$2broke'],
  [/upstream_stream_read_error/gi, 'upstream_stream_fault'],
  [/stream was interrupted/gi, 'stream broke off'],
  [/http\/?2 (stream failed|request did not get a response)/gi, 'HTTP 2 fault'],
  [/network(.?)error/gi, 'network$1fault'],
  [/connection(.?)(?:error|refused|lost)/gi, 'connection$1broken'],
  [/socket connection was closed|socket hang up|other side closed/gi, 'socket closed'],
  [/fetch failed/gi, 'fetch broke'],
  [/failed, reason:/gi, 'broke:'],
  [/getaddrinfo|enotfound|eai_again/gi, 'name lookup'],
  [/upstream(.?)connect/gi, 'upstream$1link'],
  [/reset before headers/gi, 'reset early'],
  [/timed? out|timeout/gi, 'took too long'],
  [/terminated/gi, 'ended'],
  [/websocket(.?)(?:closed|error)/gi, 'socket$1broke'],
  [/ended without/gi, 'ended with no'],
  [/stream ended before/gi, 'stream ended ahead of'],
  [/stream disconnected before completion/gi, 'stream broke off'],
  [/cut short after the reply had begun/gi, 'cut off in the reply'],
  [/pending stream has been canceled/gi, 'stream was given up'],
  [/retry delay/gi, 'wait'],
  [/you can retry your request|(?:please )?(?:try|retry) your request(?: again)?/gi, 'repeat your request'],
  [/resourceexhausted/gi, 'resource used up'],
  [/subscription_sharing_us(?:age|er)_unavailable/gi, 'subscription sharing down'],
];

/** Statuses at which it asks again, unless they are part of a longer word or number. */
const RETRY_STATUS = /(?<![a-z0-9])(?:429|500|502|503|504|520|524)(?![a-z0-9])/gi;

const MOST_PASSES = 8;

/** The same text without a word by which pi would ask again. */
export function withoutPiRetryWords(text: string): string {
  let result = text.replace(RETRY_STATUS, '…');
  // What one replacement joins may be a word again.
  for (let pass = 0; pass < MOST_PASSES && hasPiRetryWord(result); pass++) {
    for (const [pattern, replacement] of RETRY_WORDS) {
      result = result.replace(pattern, pass === 0 ? replacement : '…');
    }
  }
  return result;
}

/** The same text, with a word by which pi asks again where it has none. */
export function withPiRetryWord(text: string): string {
  return hasPiRetryWord(text) ? text : `${text} You can retry your request.`;
}

/** Whether pi would ask again. */
export function hasPiRetryWord(text: string): boolean {
  return [RETRY_STATUS, ...RETRY_WORDS.map(([pattern]) => pattern)].some(pattern => text.search(pattern) >= 0);
}
