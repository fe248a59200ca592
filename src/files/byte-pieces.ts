/** Bytes as they come, however a runtime hands them out. */
export type ByteSource = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/** Whether it is one, as far as that shows before it is read. */
export function isByteSource(value: unknown): value is ByteSource {
  return typeof value === 'object' && value !== null && ('getReader' in value || Symbol.asyncIterator in value);
}

/** Not every runtime can iterate over its streams. */
export function bytePieces(source: ByteSource): {
  /** `undefined` at the end. */
  next(): Promise<Uint8Array | undefined>;
  /** Lets go of the source. Not waited for: what hangs would hang in its end, too. */
  stop(reason?: unknown): void;
} {
  if ('getReader' in source) {
    const reader = source.getReader();
    return {
      next: async () => (await reader.read()).value,
      stop: reason => void reader.cancel(reason).catch(() => {}),
    };
  }
  const pieces = source[Symbol.asyncIterator]();
  return {
    async next() {
      const { done, value } = await pieces.next();
      return done === true ? undefined : value;
    },
    stop: () => void Promise.resolve(pieces.return?.()).catch(() => {}),
  };
}
