/** Waits so many ms, or rejects with the signal's reason when it aborts. */
export type Sleep = (milliseconds: number, abortSignal?: AbortSignal | undefined) => Promise<void>;

/** The real one. Its timer lives only as long as somebody waits. */
export const sleep: Sleep = (milliseconds, abortSignal) =>
  new Promise((resolve, reject) => {
    abortSignal?.throwIfAborted();
    const timer = setTimeout(done, milliseconds);
    abortSignal?.addEventListener('abort', stop, { once: true });
    function done(): void {
      abortSignal?.removeEventListener('abort', stop);
      resolve();
    }
    function stop(): void {
      clearTimeout(timer);
      reject(abortSignal?.reason);
    }
  });

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
