import { networkFailureCode } from '../api/network-failure';
import type { FetchFunction } from '../transport/fetch';
import { TRACE_ID_HEADER } from '../upstream';
import type { Log } from './log';

/** Statuses whose answer has no body, and none may be given to it. */
const WITHOUT_BODY = new Set([204, 205, 304]);

/**
 * Tells of each request as it goes out (method, address without query, names of headers, the name it goes under), of
 * its answer, and of the answer's end. `now` is a clock in ms that never jumps.
 */
export function createLoggedFetch(
  fetch: FetchFunction,
  openLog: () => Log | undefined,
  now: () => number = () => performance.now(),
): FetchFunction {
  return async (input, init) => {
    const log = openLog();
    if (log === undefined) {
      return fetch(input, init);
    }
    const request = log.nextRequest();
    const started = now();
    const since = () => Math.round(now() - started);
    const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
    log.debug('request', {
      request,
      method: init?.method ?? (input instanceof Request ? input.method : 'GET'),
      url: withoutQuery(input instanceof Request ? input.url : String(input)),
      identity: headers.get('user-agent') ?? undefined,
      headers: [...headers.keys()],
    });
    let response: Response;
    try {
      response = await fetch(input, init);
    } catch (error) {
      log.warn('no response', { request, ms: since(), reason: networkFailureCode(error) });
      throw error;
    }
    log[response.ok ? 'debug' : 'warn']('response', {
      request,
      status: response.status,
      ms: since(),
      traceId: shortHeader(response, TRACE_ID_HEADER),
      requestId: shortHeader(response, 'x-request-id'),
      type: shortHeader(response, 'content-type'),
    });
    return watched(response, (event, details) => log.debug(event, { request, ms: since(), ...details }));
  };
}

/** An id or a type is short. What is longer may be an echo, and the log of a sign-in knows no secret to hide. */
function shortHeader({ headers }: Response, name: string): string | undefined {
  const value = headers.get(name) ?? '';
  return value === '' || value.length > 80 ? undefined : value;
}

/** The same response, of whose body the first byte and the end are told. */
function watched(
  response: Response,
  tell: (event: string, details?: { bytes: number; end?: string }) => void,
): Response {
  const { body, status, statusText, headers } = response;
  if (body === null || status < 200 || status > 599 || WITHOUT_BODY.has(status)) {
    return response;
  }
  const reader = body.getReader();
  let bytes = 0;
  let hasEnded = false;
  const tellEnd = (end: 'complete' | 'broken' | 'cancelled'): void => {
    if (!hasEnded) {
      hasEnded = true;
      tell('end', { bytes, end });
    }
  };
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) {
            tellEnd('complete');
            controller.close();
            return;
          }
          if (bytes === 0) {
            tell('first byte');
          }
          bytes += value.byteLength;
          controller.enqueue(value);
        } catch (error) {
          tellEnd('broken');
          throw error;
        }
      },
      async cancel(reason) {
        tellEnd('cancelled');
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(stream, { status, statusText, headers });
}

/** A query and a user name may be secrets. */
function withoutQuery(url: string): string {
  if (!URL.canParse(url)) {
    return 'not a URL';
  }
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}
