/**
 * Everything that is here because chat completions are made by `@ai-sdk/openai-compatible` 3 (pinned exactly), each
 * with its reason. What Kimi itself needs is in the rules beside this file.
 */
import { OpenAICompatibleChatLanguageModel } from '@ai-sdk/openai-compatible';
import type { LanguageModelV4Content, LanguageModelV4StreamPart } from '@ai-sdk/provider';
import type { FlexibleSchema } from '@ai-sdk/provider-utils';
import { z } from 'zod/v4';
import { isErrorBody, type WireErrorBody } from '../../api/error-body';
import type { ServerChunks } from '../../stream/server-chunks';
import { withShortCut } from './chunk-schema';

type ChatConfig = ConstructorParameters<typeof OpenAICompatibleChatLanguageModel>[1];

/** What differs from call to call; the rest is baked in when the model is made. */
export type BoundConfig = Pick<
  ChatConfig,
  'url' | 'fetch' | 'transformRequestBody' | 'convertUsage' | 'metadataExtractor'
>;

/**
 * openai-compatible's model, with a way to give one call a configuration of its own, so that what belongs to one call
 * (its body, its answer's headers, its usage) is kept apart from others on the same model. Making a model costs half a
 * millisecond (docs/wire.md#cost-of-a-model-object); binding one costs an object.
 */
export class BindableChatModel extends OpenAICompatibleChatLanguageModel {
  constructor(modelId: string, config: ChatConfig) {
    super(modelId, config);
    Reflect.set(
      this,
      'chunkSchema',
      withShortCut(Reflect.get(this, 'chunkSchema') as FlexibleSchema<unknown>, unreadable),
    );
  }

  bind(config: Partial<BoundConfig>): BindableChatModel {
    // Assigned, not defined: objects of one shape are what keeps the wrapped model's code fast.
    return Object.assign(Object.create(BindableChatModel.prototype) as BindableChatModel, this, {
      config: { ...this.config, ...config },
    });
  }
}

/** Where the call leaves the error of an event that is an error body; the schema, which is shared, knows no call. */
const EVENT_ERROR = Symbol('error');

/** Marks an event that is no chunk, which the schema finds out before `processChunk` sees it. */
const UNREADABLE = Symbol('unreadable');

type EventBody = WireErrorBody & { [EVENT_ERROR]?: Error; [UNREADABLE]?: true };

function unreadable(event: object): EventError {
  (event as EventBody)[UNREADABLE] = true;
  return new EventError(event as EventBody);
}

/** Whether an event is no chunk of an answer, whatever it is. */
export function isUnreadable(event: unknown): event is object {
  return typeof event === 'object' && event !== null && (event as EventBody)[UNREADABLE] === true;
}

/** Makes `error` what the stream's error part carries for this event. For `processChunk`, which sees it first. */
export function setEventError(event: object, error: Error): void {
  (event as EventBody)[EVENT_ERROR] = error;
}

/** An error body as openai-compatible wants it: with an `error`, which it reads after `processChunk` saw the event. */
class EventError {
  constructor(private readonly body: EventBody) {}

  get error(): unknown {
    return this.body[EVENT_ERROR] ?? this.body.error ?? this.body;
  }
}

/** Lets openai-compatible recognise Kimi's error bodies. What they are about is judged by the call. */
const ERROR_STRUCTURE = {
  errorSchema: z.custom<WireErrorBody>(isErrorBody).transform(body => new EventError(body)),
  errorToMessage: () => 'error',
};

/** The wrapped model. Its URL comes with the call. */
export function wrapChatModel(modelId: string, headers: () => Record<string, string | undefined>): BindableChatModel {
  return new BindableChatModel(modelId, {
    // Always this name: openai-compatible warns about a dashed one and derives option keys from it
    // (docs/decisions.md#3-provider-name-inside).
    provider: 'kimi.chat',
    url: ({ path }) => path,
    headers,
    includeUsage: true,
    supportsStructuredOutputs: true,
    // Images in tool results: without it they go as JSON text (docs/wire.md#images-in-tool-results).
    supportsMultiPartToolContent: true,
    errorStructure: ERROR_STRUCTURE,
  });
}

type AnswerBody = { choices?: Array<{ message?: { tool_calls?: Array<{ id?: string | null }> | null } }> };

/** Tool calls that came without an id get one of the user's `generateId` instead of openai-compatible's own. */
export function withToolCallIds(
  content: LanguageModelV4Content[],
  body: unknown,
  generateId: () => string,
): LanguageModelV4Content[] {
  const calls = (body as AnswerBody | undefined)?.choices?.[0]?.message?.tool_calls ?? [];
  if (calls.every(call => call.id)) {
    return content;
  }
  let index = 0;
  return content.map(part =>
    part.type === 'tool-call' && !calls[index++]?.id ? { ...part, toolCallId: generateId() } : part,
  );
}

/** The same stream, whose raw parts are the server's own chunks: neither repaired ones nor those that were added. */
export function withServerChunks(
  stream: ReadableStream<LanguageModelV4StreamPart>,
  serverChunks: ServerChunks,
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
          const rawValue = value.type === 'raw' ? serverChunks.next(value.rawValue) : undefined;
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
