/**
 * Added to refused answers, because headers are all that the AI SDK keeps of a response in its `APICallError`. Never
 * sent.
 */
const HEADER = 'x-ai-sdk-provider-kimi-credential';

/** The same response, which says for `readCredentialSource` where its credential came from. */
export function withCredentialSource(
  response: Response,
  source: string,
  body: BodyInit | null = response.body,
): Response {
  const headers = new Headers(response.headers);
  // A path may hold what a header may not.
  headers.set(HEADER, encodeURIComponent(source));
  return new Response(body, { status: response.status, statusText: response.statusText, headers });
}

/**
 * Where the credential came from that the API refused, from the response's headers; `undefined` for answers other than
 * 401, 402 and 403.
 * @param headers as in `Response.headers` or `APICallError.responseHeaders`
 */
export function readCredentialSource(headers: Headers | Record<string, string> | undefined): string | undefined {
  const value = headers instanceof Headers ? headers.get(HEADER) : headers?.[HEADER];
  return value === undefined || value === null ? undefined : decodeURIComponent(value);
}
