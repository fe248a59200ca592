/**
 * Everything that is here because streams of the Anthropic wire are read by `@ai-sdk/anthropic` 4 (pinned exactly),
 * each with its reason. Its way to make a request is not used (docs/decisions.md#70-one-request-for-both-wires).
 */
import { AnthropicLanguageModel } from '@ai-sdk/anthropic/internal';
import type {
  LanguageModelV4CallOptions,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
  SharedV4ProviderMetadata,
} from '@ai-sdk/provider';
import type { ServerChunks } from '../../stream/server-chunks';
import type { FetchFunction } from '../../transport/fetch';

/**
 * What the wrapped model is asked with in place of the caller's options: its body is thrown away, and a prompt that it
 * never sees cannot make it drop thinking, refuse media or warn. Without a limit it would warn at each call.
 */
export const STAND_IN: LanguageModelV4CallOptions = {
  prompt: [{ role: 'user', content: [{ type: 'text', text: '' }] }],
  maxOutputTokens: 1,
};

/** A model for one call. It has no schemas of its own, so that making it costs an object. */
export function wrapMessagesModel(
  url: string,
  body: Record<string, unknown>,
  fetch: FetchFunction,
  generateId: () => string,
): AnthropicLanguageModel {
  return new AnthropicLanguageModel('kimi', {
    provider: 'kimi.messages',
    baseURL: url,
    buildRequestUrl: () => url,
    headers: {},
    fetch,
    generateId,
    transformRequestBody: () => body,
  });
}

/** Under `kimi`, and only what a next turn needs: the signature (docs/decisions.md#72-signatures-of-thinking). */
function withKimiMetadata<T extends { providerMetadata?: SharedV4ProviderMetadata }>({
  providerMetadata,
  ...part
}: T): T {
  const { signature, redactedData } = providerMetadata?.anthropic ?? {};
  const kept = {
    ...(typeof signature === 'string' ? { signature } : {}),
    ...(typeof redactedData === 'string' ? { redactedData } : {}),
  };
  return (Object.keys(kept).length === 0 ? part : { ...part, providerMetadata: { kimi: kept } }) as T;
}

type Finish = Pick<Extract<LanguageModelV4StreamPart, { type: 'finish' }>, 'usage' | 'providerMetadata'>;

/** What a call knows of its stream, asked while its parts pass. */
export type StreamFacts = {
  warnings: LanguageModelV4GenerateResult['warnings'];
  serverChunks: ServerChunks | undefined;
  nextError(): Error | undefined;
  /** At the end. */
  finish(): Finish;
};

/**
 * The wrapped model's parts as those of chat completions: its own metadata and custom parts go, errors are those of the
 * call, and a stream that failed ends with a finish reason, too.
 */
export function kimiParts(
  stream: ReadableStream<LanguageModelV4StreamPart>,
  facts: StreamFacts,
): ReadableStream<LanguageModelV4StreamPart> {
  const reader = stream.getReader();
  const parts = new PartsOfOneCall(facts);
  return new ReadableStream<LanguageModelV4StreamPart>(
    {
      async pull(controller) {
        for (;;) {
          const { done, value } = await reader.read();
          const part = done ? parts.end() : parts.next(value);
          if (part !== undefined) {
            controller.enqueue(part);
          }
          if (done) {
            controller.close();
            return;
          }
          if (part !== undefined) {
            return;
          }
        }
      },
      cancel: reason => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

class PartsOfOneCall {
  private hasFailed = false;
  private isFinished = false;

  constructor(private readonly facts: StreamFacts) {}

  next(part: LanguageModelV4StreamPart): LanguageModelV4StreamPart | undefined {
    switch (part.type) {
      case 'text-delta':
      case 'tool-input-delta':
        return part;
      case 'stream-start':
        return { type: 'stream-start', warnings: this.facts.warnings };
      case 'raw': {
        const { serverChunks } = this.facts;
        const rawValue = serverChunks === undefined ? part.rawValue : serverChunks.next(part.rawValue);
        return rawValue === undefined ? undefined : { type: 'raw', rawValue };
      }
      case 'custom':
        return undefined;
      case 'error':
        this.hasFailed = true;
        return { type: 'error', error: this.facts.nextError() ?? part.error };
      case 'finish':
        this.isFinished = true;
        return { type: 'finish', finishReason: part.finishReason, ...this.facts.finish() };
      default:
        return 'providerMetadata' in part ? withKimiMetadata(part) : part;
    }
  }

  end(): LanguageModelV4StreamPart | undefined {
    const unified = this.hasFailed ? 'error' : 'other';
    return this.isFinished
      ? undefined
      : { type: 'finish', finishReason: { unified, raw: undefined }, ...this.facts.finish() };
  }
}
