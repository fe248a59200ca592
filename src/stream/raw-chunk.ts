/** Carries the server's own chunk beside one that was changed on its way; `null` where the server sent none. */
const RAW_CHUNK_KEY = 'kimiRawChunk';

/** The chunk, with what the server sent instead of it. */
export function withRawChunk<T extends object>(chunk: T, sent: unknown): T {
  return { ...chunk, [RAW_CHUNK_KEY]: sent };
}

/** The chunk alone. */
export function withoutRawChunk<T extends object>(chunk: T): T {
  const { [RAW_CHUNK_KEY]: _sent, ...rest } = chunk as T & { [RAW_CHUNK_KEY]?: unknown };
  return rest as T;
}

/** What the server sent where this chunk is now: the chunk itself unless it was changed; `undefined` for nothing. */
export function rawChunkOf(chunk: unknown): unknown {
  const sent = (chunk as { [RAW_CHUNK_KEY]?: unknown } | null)?.[RAW_CHUNK_KEY];
  return sent === null ? undefined : (sent ?? chunk);
}
