import type { RecordedRequest } from '../recorded-request';
import type { ChatBody } from '../rules/simulator-rule';

/** How a streamed tool call is odd (docs/wire.md#tool-call-deltas). Several may be combined. */
export type ToolCallQuirk =
  /** The first fragments carry arguments only, the name comes with the last one. */
  | 'arguments-before-name'
  /** No fragment has an `id`. */
  | 'missing-id'
  /** The `id` comes with the last fragment. */
  | 'late-id'
  /** No fragment has an `index`: each belongs to the current call. */
  | 'missing-index'
  /** Entries without `function` stand between the fragments. */
  | 'empty-entries';

export type ScriptedToolCall = {
  /** Default `functions.<name>:<n>`, n counting the tool calls of the conversation. */
  id?: string;
  name: string;
  /** An object is sent as JSON; text is sent as it is, valid or not. */
  arguments?: Record<string, unknown> | string;
  quirks?: readonly ToolCallQuirk[];
};

export type AnswerPart =
  | { type: 'reasoning'; text: string }
  | { type: 'text'; text: string }
  | ({ type: 'tool-call' } & ScriptedToolCall);

export type ScriptedUsage = {
  promptTokens?: number;
  completionTokens?: number;
  cachedTokens?: number;
  reasoningTokens?: number;
};

/** One answer of chat completions, or one failure. What is not given is filled in sensibly. */
export type ScriptedAnswer = {
  /** Sent first, as `reasoning_content`. "" is sent as such. */
  reasoning?: string;
  text?: string;
  toolCalls?: readonly ScriptedToolCall[];
  /** Instead of the three above: parts in this order, for interleaved answers. */
  parts?: readonly AnswerPart[];
  /** Fragments of parallel tool calls alternate. Default `false`: one call after the other. */
  interleaveToolCalls?: boolean;
  finishReason?: 'stop' | 'tool_calls' | 'length' | 'content_filter' | (string & {});
  /** Fills what it names; `false`: no usage at all. */
  usage?: ScriptedUsage | false;
  /** Where usage stands. Default: the simulator's `usageAt` in a stream, the top level otherwise. */
  usageAt?: 'choice' | 'top-level' | 'both';
  /** Where cached tokens stand in it. Default: `usage.cached_tokens`. */
  cachedTokensAt?: 'usage' | 'prompt_tokens_details';
  /** Slug named in the answer. Default: the one asked for. */
  model?: string;
  headers?: Record<string, string>;

  /** Characters per delta. Default 12. */
  chunkSize?: number;
  /** The bytes of the stream are sent in packets of this size, which splits events and UTF-8 characters. */
  packetBytes?: number;
  /** Real milliseconds before the answer starts, and between two events. */
  delayMs?: number;
  chunkDelayMs?: number;
  lineEnding?: '\n' | '\r\n';
  byteOrderMark?: boolean;
  /** A comment line before each event. */
  keepAlive?: boolean;
  /** Default `true`. `false`: the stream ends without `[DONE]`. */
  done?: boolean;

  /** Close the socket after this many events. */
  cutAfterChunks?: number;
  /** An event that is not JSON before the event with this number, from 0. */
  malformedChunkAt?: number;
  /** An error event after this many events; the stream ends there. */
  errorAfterChunks?: { chunks: number; error: { message: string; type?: string; code?: string } };

  /** Not an answer but this status, with `body` (text as it is, anything else as JSON) and `retryAfter`. */
  status?: number;
  body?: unknown;
  retryAfter?: number | string;
};

/** An answer, or how to make one from the request. */
export type AnswerScript =
  | ScriptedAnswer
  | ((body: ChatBody, request: RecordedRequest) => ScriptedAnswer | Promise<ScriptedAnswer>);
