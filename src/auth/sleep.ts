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
