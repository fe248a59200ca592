import { APICallError } from '@ai-sdk/provider';
import { describe, expect, it } from 'vitest';
import { KimiInvalidArgumentError, KimiLoginRequiredError } from '../../src/errors/kimi-error';
import { failureText } from '../../src/pi/pi-failure';
import { hasPiRetryWord } from '../../src/hosts/pi/retry-words';

/** What pi 1.5.2 asks again for (docs/wire.md#pi-retries-by-words), one text for each of its patterns. */
const PI_WORDS = [
  'overloaded',
  'server_busy',
  'The servers are currently busy',
  'currently experiencing high demand',
  'model is at capacity',
  'rate limit',
  'rate_limit',
  'ratelimit',
  'too many requests',
  'HTTP 429',
  '503:',
  '524',
  'service unavailable',
  'The service is temporarily unavailable',
  'service_unavailable',
  'server error',
  'internal error',
  'Provider returned error',
  'provider returned an error',
  'unable to forward upstream',
  'exceeded request buffer limit while retrying upstream',
  'upstream request failed',
  'upstream_stream_read_error',
  'stream was interrupted',
  'HTTP/2 stream failed',
  'network error',
  'connection error',
  'connection refused',
  'connection lost',
  'other side closed',
  'fetch failed',
  'request to https://x failed, reason: y',
  'getaddrinfo',
  'ENOTFOUND',
  'EAI_AGAIN',
  'upstream connect',
  'reset before headers',
  'socket hang up',
  'timed out',
  'timeout',
  'socket connection was closed',
  'terminated',
  'websocket closed',
  'websocket error',
  'ended without',
  'stream ended before message_stop',
  'stream ended before a terminal response event',
  'retry delay',
  'http2 request did not get a response',
  'stream disconnected before completion',
  'pending stream has been canceled',
  'cut short after the reply had begun',
  'you can retry your request',
  'try your request again',
  'ResourceExhausted',
  'please retry your request',
  'subscription_sharing_usage_unavailable',
  'subscription_sharing_user_unavailable',
];

const refusal = (message: string, isRetryable: boolean) =>
  new APICallError({ message, url: 'https://api.kimi.com', requestBodyValues: {}, statusCode: 400, isRetryable });

describe('what pi reads of an error', () => {
  it.each(PI_WORDS)('has no word to ask again by where that is of no use: %s', word => {
    expect(hasPiRetryWord(word)).toBe(true);
    const text = failureText(refusal(`Kimi says: ${word}.`, false));
    expect(hasPiRetryWord(text)).toBe(false);
    expect(text).toMatch(/^Kimi says: ./);
  });

  it('has one where it may help', () => {
    expect(hasPiRetryWord(failureText(refusal('Kimi has much to do.', true)))).toBe(true);
    expect(failureText(refusal('Kimi is overloaded.', true))).toBe('Kimi is overloaded.');
  });

  it('leaves numbers alone that are no status', () => {
    expect(failureText(refusal('Request 1429a has 15000 tokens', false))).toBe('Request 1429a has 15000 tokens');
  });

  it('says by what command of pi to sign in', () => {
    const error = new KimiLoginRequiredError({ reason: 'missing', source: 'x', message: 'Not signed in.' });
    expect(failureText(error)).toBe('Not signed in. Or sign in: /login kimi-coder in pi');
  });

  it('is an overflow to pi where the conversation is too long for Kimi, or for us to send', () => {
    const message = 'The messages have 3 bytes without inline media, and Kimi refuses more than 2.';
    expect(failureText(new KimiInvalidArgumentError({ argument: 'prompt', message }))).toMatch(
      /^context_length_exceeded: The messages/,
    );
  });
});
