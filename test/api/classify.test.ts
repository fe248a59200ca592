import { inspect } from 'node:util';
import { APICallError } from '@ai-sdk/provider';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toKimiAPIError } from '../../src/api/api-failure';
import { explainError, type ErrorReason } from '../../src/api/error-advice';
import { KIMI_ERROR_TABLE } from '../../src/api/error-table';
import { withoutRetryWords } from '../../src/hosts/opencode/retry-words';
import { KimiAPIError } from '../../src/errors/kimi-api-error';
import { softenedForOpencode } from '../../src/hosts/opencode/softened-error';
import { KNOWN_ERRORS, type KnownError } from './known-errors';
import { OPENCODE_OVERFLOW, OPENCODE_RETRY_WORDS, opencodeRetries } from './opencode-retry';

const NOW = Date.UTC(2026, 10, 21, 12);
const PROMPT = 'the secret prompt';
const CODING = 'https://api.kimi.com/coding/v1/chat/completions';

function errorOf(
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
  url = CODING,
  credentialSource?: string,
) {
  const exchange = {
    url,
    requestBodyValues: { messages: [{ role: 'user', content: PROMPT }] },
    statusCode: status,
    responseHeaders: headers,
    credentialSource,
  };
  return toKimiAPIError(exchange, typeof body === 'string' ? body : JSON.stringify(body), { now: NOW });
}

/** The two wires' bodies, and the shapes that proxies and older servers use. */
const shapes: Record<string, (error: KnownError) => unknown> = {
  'the OpenAI wire': ({ type, text }) => ({ error: { message: text, type } }),
  'the Anthropic wire': ({ type, text }) => ({ type: 'error', error: { type, message: text } }),
  'a code instead of a type': ({ type, text }) => ({ error: { message: text, code: type } }),
  'an error that is text': ({ type, text }) => ({ error: text || type, type }),
  'a message alone': ({ type, text }) => ({ message: text, code: type }),
  'an OAuth error': ({ type, text }) => ({ error: type ?? 'invalid', error_description: text }),
  'a detail': ({ type, text }) => ({ detail: { message: text, type } }),
};

describe.each(Object.entries(shapes))('a refusal in the shape of %s', (_, shape) => {
  it.each(KNOWN_ERRORS)('$status $type "$text" is $code', known => {
    const error = errorOf(known.status, shape(known));
    expect({ code: error.code, reason: error.reason, isRetryable: error.isRetryable }).toEqual({
      code: known.code,
      reason: known.reason,
      isRetryable: known.retryable ?? false,
    });
    expect(error.data).toEqual(JSON.parse(JSON.stringify(shape(known)).replace(/\b(ak|org)-\w+/g, '$1-…')));
    expect(error.statusCode).toBe(known.status);
  });
});

describe('every row of the table', () => {
  it('has a known error, so that none is dead', () => {
    const seen = new Set(KNOWN_ERRORS.map(({ code, reason }) => `${code} ${reason}`));
    // Judged by their pages and by the account's plan, which have tests of their own below.
    const elsewhere = ['KIMI_PERMISSION_DENIED blocked', 'KIMI_MEMBERSHIP_REQUIRED plan'];
    expect(
      KIMI_ERROR_TABLE.map(({ code, reason }) => `${code} ${reason}`)
        .filter(row => !seen.has(row))
        .toSorted(),
    ).toEqual(elsewhere.toSorted());
  });

  it('has advice that no host takes for a reason to retry, where the error is final', () => {
    const place = {
      host: 'api.kimi.com',
      credential: 'your credential',
      console: 'https://www.kimi.com/code/console',
      reset: '',
      identity: 'kimi-cli',
    };
    for (const { reason, retryable } of KIMI_ERROR_TABLE) {
      const advice = explainError(reason as ErrorReason, place);
      expect(advice).toMatch(/^[A-Z"a].*[.]$/s);
      if (!retryable) {
        expect(withoutRetryWords(advice)).toBe(advice);
      }
    }
  });
});

describe('hosts that decide by words', () => {
  it.each(KNOWN_ERRORS.filter(known => known.retryable === undefined))('do not retry $status "$text"', known => {
    const error = softenedForOpencode(errorOf(known.status, { error: { message: known.text, type: known.type } }));
    expect(
      OPENCODE_RETRY_WORDS.filter(word => word.test(error.message) || word.test(error.responseBody ?? '')),
    ).toEqual([]);
    expect(opencodeRetries(error)).toBe(false);
  });

  it.each(KNOWN_ERRORS.filter(known => known.retryable))('retry $status "$text", whose words stay', known => {
    const body = JSON.stringify({ error: { message: known.text } });
    const error = softenedForOpencode(errorOf(known.status, body));
    expect(opencodeRetries(error)).toBe(true);
    expect(error.responseBody).toBe(body.replace(/\b(ak|org)-\w+/g, '$1-…'));
  });

  it.each(KNOWN_ERRORS.filter(({ code }) => code === 'KIMI_CONTEXT_TOO_LONG' || code === 'KIMI_REQUEST_TOO_LARGE'))(
    'compact the conversation after "$text"',
    known => {
      const error = softenedForOpencode(errorOf(known.status, { error: { message: known.text } }));
      expect(error.message).toMatch(OPENCODE_OVERFLOW);
    },
  );

  it.each(KNOWN_ERRORS)('leave $status "$text" to everybody else as it was sent', known => {
    const body = JSON.stringify({ error: { message: known.text, type: known.type } });
    const sent = body.replace(/\b(ak|org)-\w+/g, '$1-…');
    const error = errorOf(known.status, body, {}, 'http://127.0.0.1:45003/coding/v1/chat/completions');
    expect(error.responseBody).toBe(sent);
    const said = (JSON.parse(sent) as { error: { message: string } }).error.message;
    expect(error.message).toContain(said.replace(/\s+/g, ' ').trim().slice(0, 300));
  });

  it('get a copy of the same class, and an error that need not be softened as it is', () => {
    const error = errorOf(429, { error: { message: 'too many requests' } }, { 'retry-after': '3600' });
    const softened = softenedForOpencode(error);
    expect(KimiAPIError.isInstance(softened)).toBe(true);
    expect(APICallError.isInstance(softened)).toBe(true);
    expect(softened).toBeInstanceOf(KimiAPIError);
    expect(error.message).toContain('too many requests');
    expect(softened).toMatchObject({ code: error.code, statusCode: 429, retryAfter: error.retryAfter, url: error.url });
    expect(softened.stack).not.toMatch(/too many requests/);
    expect(inspect(softened)).not.toContain(PROMPT);
    const plain = errorOf(401, { error: { message: 'Incorrect API key provided' } });
    expect(softenedForOpencode(plain)).toBe(plain);
  });

  it('are not misled by a port, a number or a page', () => {
    const local = errorOf(
      403,
      { error: { message: 'no access to model 4290' } },
      {},
      'http://127.0.0.1:45003/coding/v1/chat/completions',
    );
    expect(opencodeRetries(softenedForOpencode(local))).toBe(false);
    const page = errorOf(
      404,
      '<html><head><title>404 Not Found</title></head><body>nginx terminated 500</body></html>',
    );
    expect(opencodeRetries(softenedForOpencode(page))).toBe(false);
    expect(softenedForOpencode(page).data).toContain('nginx terminated 500');
  });

  it('find no word in any text, and texts without words stay', () => {
    const words = [
      '429',
      '500',
      '524',
      'rate',
      'limit',
      '-',
      '_',
      ' ',
      'too many requests',
      'too',
      'many',
      'over',
      'overloaded',
      'terminated',
      'term',
      'inated',
      'server',
      'error',
    ];
    const more = [
      'internal',
      'fetch failed',
      'timeout',
      'request',
      'read',
      'try again',
      'later',
      'in',
      'your request',
      'network',
      'at capacity',
      'currently',
      'resource',
      'exhausted',
      '4',
      '2',
      '9',
      '50',
      '…',
    ];
    const text = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom(...words, ...more), { maxLength: 14 }).map(parts => parts.join('')),
      fc.array(fc.constantFrom(...words, ...more)).map(parts => parts.join(' ')),
    );
    fc.assert(
      fc.property(text, input => {
        const output = withoutRetryWords(input);
        expect(OPENCODE_RETRY_WORDS.filter(word => word.test(output))).toEqual([]);
        if (!OPENCODE_RETRY_WORDS.some(word => word.test(input)) && !/at capacity|too[-_]many/.test(input)) {
          expect(output).toBe(input);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('waiting', () => {
  const busy = {
    error: { message: "We're receiving too many requests at the moment", type: 'rate_limit_reached_error' },
  };

  it.each([
    ['a minute less a second', { 'retry-after': '59' }, true, 59],
    ['a minute', { 'retry-after': '60' }, false, 60],
    ['an hour', { 'retry-after': '3600' }, false, 3600],
    ['a date in half a minute', { 'retry-after': new Date(NOW + 30_000).toUTCString() }, true, 30],
    ['a date in two minutes', { 'retry-after': new Date(NOW + 120_000).toUTCString() }, false, 120],
    ['a date that has passed', { 'retry-after': new Date(NOW - 120_000).toUTCString() }, true, -120],
    ['milliseconds', { 'retry-after-ms': '1500', 'retry-after': '3600' }, true, 1.5],
    ['nonsense', { 'retry-after': 'soon' }, true, undefined],
    ['nothing', {}, true, undefined],
  ] as const)('for %s', (_, headers, isRetryable, seconds) => {
    const error = errorOf(429, busy, headers);
    expect(error.isRetryable).toBe(isRetryable);
    expect(error.retryAfter).toEqual(seconds === undefined ? undefined : new Date(NOW + seconds * 1000));
    expect(opencodeRetries(softenedForOpencode(error))).toBe(isRetryable);
    if (!isRetryable) {
      expect(error.message).toContain(
        `It asks to wait until ${new Date(NOW + seconds * 1000).toISOString().replace('.000', '')}`,
      );
    }
  });

  it.each([
    [
      'a field of the body',
      { error: { message: "You've reached your weekly (7-day) usage limit.", reset_at: '2026-11-24T08:00:00Z' } },
      {},
      '2026-11-24T08:00:00.000Z',
    ],
    [
      'a field as in /usages',
      {
        error: { message: 'reached your usage limit for this period' },
        detail: { resetTime: '2026-11-21T17:00:00.123456789Z' },
      },
      {},
      '2026-11-21T17:00:00.123Z',
    ],
    [
      'seconds since the epoch',
      { error: { message: 'usage limit reached', resets_at: NOW / 1000 + 60 } },
      {},
      '2026-11-21T12:01:00.000Z',
    ],
    [
      'seconds from now',
      { error: { message: 'usage limit reached', resets_in_seconds: 7200 } },
      {},
      '2026-11-21T14:00:00.000Z',
    ],
    [
      'the text',
      { error: { message: '5-hour usage limit reached. Resets in 4hr 59min.' } },
      {},
      '2026-11-21T16:59:00.000Z',
    ],
    [
      'a date in the text',
      { error: { message: 'Your 7-day usage limit will reset at 2026-11-25T00:00:00Z' } },
      {},
      '2026-11-25T00:00:00.000Z',
    ],
    [
      'the header of the limit',
      { error: { message: 'usage limit reached' } },
      { 'x-ratelimit-reset': String(NOW / 1000 + 90) },
      '2026-11-21T12:01:30.000Z',
    ],
    [
      'Retry-After',
      { error: { message: 'usage limit reached' } },
      { 'retry-after': '600' },
      '2026-11-21T12:10:00.000Z',
    ],
    ['nothing', { error: { message: 'usage limit reached', reset_at: 'garbage' } }, {}, undefined],
    [
      'a time that has passed',
      { error: { message: 'usage limit reached', reset_at: '2020-01-01T00:00:00Z' } },
      {},
      undefined,
    ],
  ] as const)('a used-up quota is fresh again, from %s', (_, body, headers, time) => {
    const error = errorOf(403, body, headers);
    expect(error.code).toBe('KIMI_QUOTA_EXHAUSTED');
    expect(error.resetsAt?.toISOString()).toBe(time);
    expect(error.message.includes('fresh again at')).toBe(time !== undefined);
  });
});

describe('the error', () => {
  it('names the host, where the credential came from and what to do', () => {
    const error = errorOf(
      401,
      { error: { message: 'Invalid Authentication' } },
      {},
      'https://api.moonshot.ai/v1/chat/completions',
      'the environment variable KIMI_API_KEY',
    );
    expect(error.message).toBe(
      'api.moonshot.ai does not accept the credential from the environment variable KIMI_API_KEY. Keys work ' +
        'only on the host they were made ' +
        'for: those from https://platform.kimi.ai on this one, ' +
        "those from https://www.kimi.com/code/console on api.kimi.com (service: 'coding', region: 'mainland-cn'), " +
        "those from https://www.kimi.ai/code/console on api.kimi.ai (service: 'coding', region: 'global'), " +
        "those from https://platform.kimi.com on api.moonshot.cn (service: 'platform', region: 'mainland-cn'). " +
        'Or unset KIMI_API_KEY, to use what "npx ai-sdk-provider-kimi login" has saved. ' +
        'Its answer (HTTP 401): "Invalid Authentication"',
    );
    expect(error.source).toBe('the environment variable KIMI_API_KEY');
  });

  it.each([
    ['https://api.kimi.com/coding/v1/chat/completions', 'https://www.kimi.com/code/console'],
    ['https://api.kimi.ai/coding/v1/chat/completions', 'https://www.kimi.ai/code/console'],
    ['https://api.moonshot.cn/v1/chat/completions', 'https://platform.kimi.com'],
    ['http://localhost:1234/coding/v1/chat/completions', 'https://www.kimi.com/code/console'],
  ])('of %s sends to %s', (url, console) => {
    expect(errorOf(402, { message: 'no membership' }, {}, url).message).toContain(console);
  });

  it('has the trace id', () => {
    expect(errorOf(500, '', { 'x-trace-id': 'trace-1' }).traceId).toBe('trace-1');
    expect(errorOf(500, '').traceId).toBeUndefined();
  });

  it.each([
    [502, '<html><title>Bad Gateway</title></html>', 'KIMI_SERVER_ERROR', true],
    [503, '', 'KIMI_SERVER_ERROR', true],
    [429, '<!doctype html><h1>Too many requests</h1>', 'KIMI_RATE_LIMITED', true],
    [403, '<html><title>Attention Required! | Cloudflare</title></html>', 'KIMI_PERMISSION_DENIED', false],
    [403, '', 'KIMI_PERMISSION_DENIED', false],
    [404, '<html>not found the model</html>', 'KIMI_NOT_FOUND', false],
    [413, '<html><head><title>413 Request Entity Too Large</title></head></html>', 'KIMI_REQUEST_TOO_LARGE', false],
    [400, 'plain text', 'KIMI_REQUEST_INVALID', false],
    [401, 'You need to upgrade your plan', 'KIMI_MEMBERSHIP_REQUIRED', false],
    [400, '{"error":', 'KIMI_REQUEST_INVALID', false],
    [400, '[]', 'KIMI_REQUEST_INVALID', false],
    [400, 'null', 'KIMI_REQUEST_INVALID', false],
  ])('of a %i with the body %j is %s', (status, body, code, isRetryable) => {
    const error = errorOf(status, body);
    expect({ code: error.code, isRetryable: error.isRetryable }).toEqual({ code, isRetryable });
    expect(error.message).not.toBe('');
  });

  it('shows no prompt and no key, also where the server repeats them', () => {
    const image = `data:image/png;base64,${'QUJD'.repeat(40)}`;
    const errors = [
      errorOf(401, { error: { message: 'Incorrect API key provided: sk-kimi-abcdefghijklmnop' } }),
      errorOf(429, {
        error: {
          message:
            'Your account org-0123456789<ak-abcdefghijkl> is suspended, please check your plan and billing details',
        },
      }),
      errorOf(400, { error: { message: `unsupported image url: ${image}` } }),
      errorOf(400, { error: { message: `token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl was refused` } }),
    ];
    for (const error of errors) {
      expect(error.requestBodyValues).toEqual({ messages: [{ role: 'user', content: PROMPT }] });
      const shown = [
        error.message,
        inspect(error, { depth: 9, showHidden: false }),
        JSON.stringify(error),
        String(error),
      ].join('\n');
      expect(shown).not.toMatch(/secret prompt|sk-kimi-a|ak-abc|org-0123|eyJhbGci/);
      expect(error.message).not.toContain('QUJDQUJD');
    }
  });

  it('shows no image where the prompt has nothing else', () => {
    const body = JSON.stringify({
      error: { message: `unsupported image url: data:image/png;base64,${'QUJD'.repeat(40)}` },
    });
    expect(toKimiAPIError({ url: CODING, requestBodyValues: {}, statusCode: 400 }, body).message).toContain(
      'unsupported image url: data:…',
    );
  });

  it('never throws, whatever the body is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), fc.integer({ min: 300, max: 599 }), (body, status) => {
        const error = errorOf(status, body);
        const { message, responseBody } = softenedForOpencode(error);
        expect(error.isRetryable || !opencodeRetries({ isRetryable: false, message, responseBody })).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});
