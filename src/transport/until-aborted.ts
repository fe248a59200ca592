/**
 * What the promise gives, or the signal's reason as soon as it aborts. The work behind the promise goes on; its late
 * failure is dropped.
 */
export function untilAborted<T>(promise: Promise<T>, abortSignal: AbortSignal | undefined): Promise<T> {
  if (abortSignal === undefined) {
    return promise;
  }
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(abortSignal.reason);
    if (abortSignal.aborted) {
      stop();
    }
    abortSignal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => abortSignal.removeEventListener('abort', stop));
  });
}
