import { withoutRetryWords } from './retry-words';

/**
 * The same failure, as opencode has to see it: where it is final, `message` and `responseBody` without the words by
 * which opencode would retry (docs/wire.md#opencode-retries-by-words). Class, code and all the rest stay; `data` still
 * is the body as the server sent it. A copy: the same error may be on its way to another host.
 */
export function softenedForOpencode<T>(failure: T): T {
  if (!(failure instanceof Error) || isRetryable(failure) || failure.name === 'AbortError') {
    return failure;
  }
  const { responseBody } = failure as { responseBody?: unknown };
  const message = withoutRetryWords(failure.message);
  const softer = typeof responseBody === 'string' ? withoutRetryWords(responseBody) : responseBody;
  if (message === failure.message && softer === responseBody) {
    return failure;
  }
  // An error of its own, so that every runtime takes it for one, made what the first one was.
  const { stack, ...own } = Object.getOwnPropertyDescriptors(failure);
  const copy = Object.defineProperties(new Error(message), {
    ...own,
    message: { value: message, enumerable: false, writable: true, configurable: true },
    ...(typeof softer === 'string' ? { responseBody: { ...own.responseBody, value: softer } } : {}),
  });
  return Object.setPrototypeOf(copy, Object.getPrototypeOf(failure) as object) as T;
}

function isRetryable(error: Error): boolean {
  return (error as { isRetryable?: unknown }).isRetryable === true;
}
