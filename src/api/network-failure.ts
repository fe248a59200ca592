import { AISDKError } from '@ai-sdk/provider';
import { isAbortError } from '@ai-sdk/provider-utils';

/**
 * What a failure of the network was, in the system's word (`ECONNREFUSED`) where there is one; `fetch` hides it in the
 * causes of its own error. Not the message: a host's own `fetch` may quote the request there, and with it a secret.
 */
export function networkFailureCode(error: unknown): string {
  for (let current = error; current instanceof Error; current = current.cause) {
    const { code } = current as { code?: unknown };
    if (typeof code === 'string') {
      return code;
    }
  }
  return error instanceof Error ? error.name : 'unknown error';
}

/** What a failure of the network was about, by its code. */
export type NetworkFailureKind = 'unreachable' | 'dns' | 'certificate' | 'timeout' | 'headers' | 'no-http';

const KINDS: ReadonlyArray<readonly [NetworkFailureKind, RegExp]> = [
  ['dns', /^(ENOTFOUND|EAI_\w+|ENODATA)$/],
  ['certificate', /^(CERT_|ERR_TLS_CERT|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH$|INVALID_CA$)/],
  ['timeout', /^(ETIMEDOUT|UND_ERR_\w*TIMEOUT)$/],
  ['headers', /^(UND_ERR_HEADERS_OVERFLOW|HPE_HEADER_OVERFLOW)$/],
  ['no-http', /^(HPE_|EPROTO$|ERR_SSL_)/],
];

export function networkFailureKind(error: unknown): NetworkFailureKind {
  const code = isParserError(error) ? 'HPE_INVALID' : networkFailureCode(error);
  return KINDS.find(([, pattern]) => pattern.test(code))?.[0] ?? 'unreachable';
}

/** Of Node 24, which gives it no code. */
function isParserError(error: unknown): boolean {
  return error instanceof Error && (error.name === 'HTTPParserError' || isParserError(error.cause));
}

/**
 * Whether `fetch` failed because of the network, in the way of any runtime: a `TypeError` of its own, or an error with
 * a system's code behind it. Whatever else a `fetch` throws is its own business.
 */
export function isNetworkFailure(error: unknown): error is Error {
  if (AISDKError.isInstance(error) || isAbortError(error)) {
    return false;
  }
  return error instanceof TypeError
    ? /fetch failed|failed to fetch|network/i.test(error.message)
    : error instanceof Error &&
        /^(E[A-Z_]{3,}|UND_ERR_\w+|Connection\w+|FailedToOpenSocket)$/.test(networkFailureCode(error));
}

/**
 * The message of what is behind a failure of the network, else its code. For requests that carry no secret in the body.
 */
export function networkFailureMessage(error: unknown): string | undefined {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(inner instanceof Error)) {
    return inner === undefined ? undefined : String(inner);
  }
  return inner.message || networkFailureCode(inner);
}
