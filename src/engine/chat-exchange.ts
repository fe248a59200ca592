import type { SharedV4Warning } from '@ai-sdk/provider';
import { extractResponseHeaders, isAbortError } from '@ai-sdk/provider-utils';
import { answerFaultOf } from '../stream/answer-fault';
import { createChatStreamFetch } from '../stream/chat-stream-fetch';
import { isErrorBody } from '../api/error-body';
import type { FetchFunction } from '../transport/fetch-function';
import type { BoundConfig } from './bindable-chat-model';
import { bodyTools } from './body-tools';
import { convertUsage, findUsage } from './convert-usage';
import { answerFaultError, unreadableAnswer } from './errors/chat-failure';
import { toKimiAPIError, traceIdOf, type Exchange } from './errors/to-kimi-api-error';
import type { KimiChatRequestBody } from './kimi-chat-request-body';
import { setEventError } from './kimi-error-structure';
import { kimiMetadata, type KimiProviderMetadata } from './kimi-metadata';

/** More of an answer that is none is not read. */
const MAXIMUM_BODY_LENGTH = 64 * 1024;

/**
 * One request and its answer: what is known of both, and the configuration that finds it out while openai-compatible
 * makes the call.
 */
export class ChatExchange implements Exchange {
  url = '';
  requestBodyValues: unknown = {};
  statusCode: number | undefined;
  responseHeaders: Record<string, string> | undefined;

  /** Tools that leaked markup may call: those on the wire. */
  toolNames: ReadonlySet<string> = new Set();
  /** Wire name to the caller's, of tools that a body rule renamed. */
  callerNames: ReadonlyMap<string, string> = new Map();
  recoveredToolCalls = 0;

  private usage: unknown;
  private servedModel: unknown;
  /** What the connection broke with. */
  private brokenBy: unknown;

  /** For one call of a model; `stream` where the answer is to be an event stream. */
  bind({
    fetch,
    generateId,
    transform,
    stream,
  }: {
    fetch: FetchFunction;
    generateId: () => string;
    transform: (body: Record<string, unknown>, warnings: SharedV4Warning[]) => KimiChatRequestBody;
    stream: { coalesce: boolean } | undefined;
  }): BoundConfig {
    return {
      fetch:
        stream === undefined
          ? this.observe(fetch)
          : createChatStreamFetch({
              fetch: this.observeStream(fetch),
              generateId,
              coalesce: stream.coalesce,
              answer: () => ({
                toolNames: this.toolNames,
                callerNames: this.callerNames,
                generateId,
                onRecovered: count => {
                  this.recoveredToolCalls += count;
                },
                onBroken: cause => {
                  this.brokenBy = cause;
                },
              }),
            }),
      transformRequestBody: (body, warnings = []) => {
        const sent = transform(body, warnings);
        this.requestBodyValues = sent;
        this.toolNames = new Set(sent.tool_choice === 'none' ? [] : bodyTools(sent).map(tool => tool.function.name));
        return sent;
      },
      // Called in a stream's flush. A whole answer's usage is read from its body (decisions.md 6).
      convertUsage: usage => convertUsage(this.usage ?? usage),
      metadataExtractor: {
        extractMetadata: async () => undefined,
        createStreamExtractor: () => ({
          processChunk: event => this.see(event),
          buildMetadata: () => ({ kimi: this.metadata() }),
        }),
      },
    };
  }

  /** `providerMetadata.kimi`. */
  metadata(body?: unknown): KimiProviderMetadata {
    return kimiMetadata({
      traceId: traceIdOf(this.responseHeaders),
      servedModel: (body as { model?: unknown } | undefined)?.model ?? this.servedModel,
      usage: findUsage(body) ?? this.usage,
      recoveredToolCalls: this.recoveredToolCalls,
    });
  }

  private see(event: unknown): void {
    if (isErrorBody(event)) {
      const fault = answerFaultOf(event);
      const isOurs = fault !== undefined;
      setEventError(
        event,
        isOurs ? answerFaultError(fault, this, this.brokenBy) : toKimiAPIError(this, event, { inAnswer: true }),
      );
      return;
    }
    this.usage = findUsage(event) ?? this.usage;
    this.servedModel ??= (event as { model?: unknown } | null)?.model;
  }

  private observe(fetch: FetchFunction): FetchFunction {
    return async (input, init) => {
      this.url = input instanceof Request ? input.url : input.toString();
      const response = await fetch(input, init);
      this.statusCode = response.status;
      this.responseHeaders = extractResponseHeaders(response);
      return response;
    };
  }

  /** A stream that is a JSON document or a page would be an empty stream to openai-compatible (aisdk.md 4). */
  private observeStream(fetch: FetchFunction): FetchFunction {
    const observed = this.observe(fetch);
    return async (input, init) => {
      const response = await observed(input, init);
      if (
        response.ok &&
        /^(application\/([\w.-]+\+)?json|text\/html)\b/i.test(response.headers.get('content-type') ?? '')
      ) {
        throw unreadableAnswer(this, await beginningOf(response));
      }
      return response;
    };
  }
}

/** Reads an answer that is none, which also frees the connection. */
async function beginningOf(response: Response): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  try {
    for await (const piece of response.body ?? []) {
      text += decoder.decode(piece, { stream: true });
      if (text.length > MAXIMUM_BODY_LENGTH) {
        break;
      }
    }
  } catch (error) {
    if (isAbortError(error)) {
      throw error;
    }
    // A beginning is enough.
  }
  return text;
}
