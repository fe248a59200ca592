import type { LanguageModelV4StreamPart } from '@ai-sdk/provider';
import { rawChunkOf } from '../stream/raw-chunk';

/** The same stream, whose raw parts are the server's own chunks: neither repaired ones nor those that were added. */
export function withServerChunks(
  stream: ReadableStream<LanguageModelV4StreamPart>,
): ReadableStream<LanguageModelV4StreamPart> {
  const reader = stream.getReader();
  return new ReadableStream<LanguageModelV4StreamPart>(
    {
      async pull(controller) {
        for (;;) {
          const { done, value } = await reader.read();
          if (done) {
            controller.close();
            return;
          }
          const rawValue = value.type === 'raw' ? rawChunkOf(value.rawValue) : undefined;
          if (value.type !== 'raw' || rawValue !== undefined) {
            controller.enqueue(value.type === 'raw' ? { type: 'raw', rawValue } : value);
            return;
          }
        }
      },
      cancel: reason => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
