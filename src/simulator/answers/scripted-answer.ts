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

/** One call of a tool. */
export type ScriptedToolCall = {
  /** Default `functions.<name>:<n>`, n counting the tool calls of the conversation. */
  id?: string;
  name: string;
  /** An object is sent as JSON; text is sent as it is, valid or not. */
  arguments?: Record<string, unknown> | string;
  quirks?: readonly ToolCallQuirk[];
};

/** What an answer is made of, in this order. */
export type AnswerPart =
  | { type: 'reasoning'; text: string }
  | { type: 'text'; text: string }
  | ({ type: 'tool-call' } & ScriptedToolCall);

/** In tokens. What is left out is counted. */
export type ScriptedUsage = {
  promptTokens?: number;
  completionTokens?: number;
  cachedTokens?: number;
  reasoningTokens?: number;
};

/**
 * One answer, or one failure, in words that hold on both wires; each says it in its own. What is not given is filled in
 * sensibly. Of chat completions alone: the quirks of tool calls, `interleaveToolCalls`, `usageAt`, `cachedTokensAt`.
 */
export type ScriptedAnswer = {
  /** Sent first, as `reasoning_content` or as a thinking block. "" is sent as such. */
  reasoning?: string;
  /** Whether thinking blocks of the Anthropic wire have a signature. Default `true`. */
  signed?: boolean;
  text?: string;
  toolCalls?: readonly ScriptedToolCall[];
  /** Instead of the three above: parts in this order, for interleaved answers. */
  parts?: readonly AnswerPart[];
  /** Fragments of parallel tool calls alternate. Default `false`: one call after the other. */
  interleaveToolCalls?: boolean;
  /** In the words of chat; the Anthropic wire has end_turn, tool_use, max_tokens and refusal for these four. */
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
  /** Whether it is `data: {…}` or `data:{…}`. Default: with a space on chat, without on the Anthropic wire. */
  spaces?: boolean;
  byteOrderMark?: boolean;
  /** A comment line before each event. */
  keepAlive?: boolean;
  /** Default `true`. `false`: the stream ends without `[DONE]`, or `message_stop`. */
  done?: boolean;

  /** Close the socket after this many events. */
  cutAfterChunks?: number;
  /** An event that is not JSON before the event with this number, from 0. */
  malformedChunkAt?: number;
  /** An error event after this many events; the stream ends there. */
  errorAfterChunks?: { chunks: number; error: { message: string; type?: string; code?: string } };

  /**
   * Not an answer but this status, with `body` (text as it is, anything else as JSON) and `retryAfter`. A body
   * `{ error: { message, type } }` becomes an error of the Anthropic wire on that wire.
   */
  status?: number;
  body?: unknown;
  retryAfter?: number | string;
};

/** An answer, or how to make one from the request. `body` is that of chat completions, whatever the wire. */
export type AnswerScript =
  | ScriptedAnswer
  | ((body: ChatBody, request: RecordedRequest) => ScriptedAnswer | Promise<ScriptedAnswer>);
