/** Waits so many ms, or rejects with the abort reason. Works on every runtime. */
export async function abortableSleep(milliseconds: number, abortSignal: AbortSignal | undefined): Promise<void> {
  abortSignal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(abortSignal?.reason);
    };
    const timer = setTimeout(() => {
      abortSignal?.removeEventListener('abort', abort);
      resolve();
    }, milliseconds);
    abortSignal?.addEventListener('abort', abort, { once: true });
  });
}
