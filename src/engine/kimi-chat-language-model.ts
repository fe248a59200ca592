import type {
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamResult,
  SharedV4Warning,
} from '@ai-sdk/provider';
import { KimiAPIError } from '../errors/kimi-api-error';
import type { ModelInfo } from '../models/model-info';
import { checkHeaders } from '../transport/check-headers';
import { untilAborted } from '../transport/wait';
import { BindableChatModel } from './bindable-chat-model';
import { ChatExchange } from './chat-exchange';
import { convertUsage, findUsage } from './convert-usage';
import { answerFaultError, chatFailure } from './errors/chat-failure';
import type { KimiCall } from './kimi-call';
import type { KimiChatConfig } from './kimi-chat-config';
import type { KimiChatRequestBody } from './kimi-chat-request-body';
import { kimiErrorStructure } from './kimi-error-structure';
import { KIMI_CALL_KEY, prepareCall } from './prepare-call';
import { recoverToolCalls } from './recover-tool-calls';
import { restoreToolName } from './restore-tool-names';
import { transformRequestBody } from './transform-request-body';
import { withServerChunks } from './with-server-chunks';

/**
 * `ms://` files are Kimi's own; every other URL is downloaded by the AI SDK and sent inline, because Kimi refuses http
 * URLs (peers.md 5.5).
 */
const SUPPORTED_URLS = { 'image/*': [/^ms:\/\//], 'video/*': [/^ms:\/\//] };

/**
 * The engine: one V4-shaped model over openai-compatible's, which is called with prepared options and whose body goes
 * through the rules. The faces put it into the dialect of each AI SDK major.
 */
export class KimiChatLanguageModel {
  readonly modelId: string;
  readonly provider: string;
  readonly supportedUrls = SUPPORTED_URLS;

  private readonly config: KimiChatConfig;
  private readonly wrapped: BindableChatModel;

  constructor(modelId: string, config: KimiChatConfig) {
    this.modelId = modelId;
    this.provider = `${config.name}.chat`;
    this.config = config;
    this.wrapped = this.wrap();
  }

  /**
   * @throws KimiAPIError where the API refuses, the network fails, or the answer has neither text nor a tool call
   *   (decisions.md 33)
   * @throws KimiLoginRequiredError, KimiTokenRefreshError of the sign-in
   */
  async doGenerate(options: LanguageModelV4CallOptions): Promise<LanguageModelV4GenerateResult> {
    return this.withModel(options, async prepared => {
      const exchange = new ChatExchange();
      try {
        return this.complete(await this.bind(exchange, undefined).doGenerate(prepared), exchange);
      } catch (error) {
        throw chatFailure(error, exchange);
      }
    });
  }

  /** @throws as `doGenerate`. What goes wrong after the answer has begun is an error part: a `KimiAPIError`. */
  async doStream(options: LanguageModelV4CallOptions): Promise<LanguageModelV4StreamResult> {
    return this.withModel(options, async prepared => {
      const exchange = new ChatExchange();
      try {
        if (options.includeRawChunks !== true) {
          return await this.bind(exchange, { coalesce: true }).doStream(prepared);
        }
        const { stream, ...result } = await this.bind(exchange, { coalesce: false }).doStream(prepared);
        return { ...result, stream: withServerChunks(stream) };
      } catch (error) {
        throw chatFailure(error, exchange);
      }
    });
  }

  /**
   * Sends with what the id means for the account. A slug the server refuses is looked up anew and sent again once, if
   * it is another one now.
   */
  private async withModel<T>(
    options: LanguageModelV4CallOptions,
    send: (prepared: LanguageModelV4CallOptions) => Promise<T>,
  ): Promise<T> {
    const { name, service } = this.config;
    const { abortSignal } = options;
    checkHeaders(options.headers);
    const prepare = async (model: ModelInfo) =>
      prepareCall(options, model, {
        name,
        service,
        keepsReasoningByDefault: await this.config.keepsReasoningByDefault(),
      });
    const begin = async () => {
      const model = await this.config.model(this.modelId);
      return { model, prepared: await prepare(model) };
    };
    // A call that is aborted waits for nothing; the list of models goes on for the others.
    const { model, prepared } = await untilAborted(begin(), abortSignal);
    try {
      return await send(prepared);
    } catch (error) {
      // "Not found the model … or Permission denied" (wire.md 8.2); 401 and 400 for an id that is gone (peers.md 5.2:
      // openclaw#111561).
      const other =
        KimiAPIError.isInstance(error) && (error.statusCode === 404 || error.code === 'KIMI_MODEL_UNAVAILABLE')
          ? await untilAborted(this.config.modelAfterRefusal(this.modelId, model.id), abortSignal)
          : undefined;
      if (other === undefined) {
        throw error;
      }
      return send(await untilAborted(prepare(other), abortSignal));
    }
  }

  /** Tool calls that came without an id get one of the user's `generateId` instead of openai-compatible's own. */
  private withToolCallIds(content: LanguageModelV4Content[], body: unknown): LanguageModelV4Content[] {
    const calls = (body as AnswerBody | undefined)?.choices?.[0]?.message?.tool_calls ?? [];
    if (calls.every(call => call.id)) {
      return content;
    }
    let index = 0;
    return content.map(part =>
      part.type === 'tool-call' && !calls[index++]?.id ? { ...part, toolCallId: this.config.generateId() } : part,
    );
  }

  private transform({ [KIMI_CALL_KEY]: call, ...body }: WireBody, warnings: SharedV4Warning[]): KimiChatRequestBody {
    warnings.push(...call.warnings);
    return transformRequestBody(body, call, this.config.rules, warning => warnings.push(warning));
  }

  private bind(exchange: ChatExchange, stream: { coalesce: boolean } | undefined): BindableChatModel {
    const { fetch, generateId } = this.config;
    const transform = (body: Record<string, unknown>, warnings: SharedV4Warning[]) => {
      exchange.callerNames = (body as WireBody)[KIMI_CALL_KEY].toolNames;
      return this.transform(body as WireBody, warnings);
    };
    return this.wrapped.bind(exchange.bind({ fetch, generateId, transform, stream }));
  }

  /**
   * What openai-compatible does not know of a whole answer: leaked tool calls, Kimi's usage and metadata, and that it
   * may be empty.
   */
  private complete(result: LanguageModelV4GenerateResult, exchange: ChatExchange): LanguageModelV4GenerateResult {
    const body = result.response?.body;
    const given = this.withToolCallIds(result.content, body);
    const recovered = recoverToolCalls(given, exchange.toolNames, this.config.generateId);
    const content = recovered?.content ?? given;
    exchange.recoveredToolCalls = recovered?.count ?? 0;
    const { unified, raw } = result.finishReason;
    const mayBeEmpty = unified === 'length' || unified === 'content-filter';
    if (
      !mayBeEmpty &&
      !content.some(part => (part.type === 'text' ? part.text.trim() !== '' : part.type !== 'reasoning'))
    ) {
      throw answerFaultError(content.length === 0 ? 'empty' : 'thinking-only', exchange);
    }
    return {
      ...result,
      content: content.map(part => restoreToolName(part, exchange.callerNames)),
      finishReason: { unified: unified === 'stop' && exchange.recoveredToolCalls > 0 ? 'tool-calls' : unified, raw },
      usage: convertUsage(findUsage(body)),
      providerMetadata: {
        ...result.providerMetadata,
        kimi: { ...result.providerMetadata?.kimi, ...exchange.metadata(body) },
      },
    };
  }

  private wrap(): BindableChatModel {
    const { config } = this;
    return new BindableChatModel(this.modelId, {
      // Always this name: openai-compatible warns about a dashed one and derives option keys from it (decisions.md 3).
      provider: 'kimi.chat',
      url: ({ path }) => `${config.apiBaseURL()}${path}`,
      headers: config.headers,
      includeUsage: true,
      supportsStructuredOutputs: true,
      supportsMultiPartToolContent: true,
      supportedUrls: () => SUPPORTED_URLS,
      errorStructure: kimiErrorStructure,
    });
  }
}

type AnswerBody = { choices?: Array<{ message?: { tool_calls?: Array<{ id?: string | null }> | null } }> };
type WireBody = KimiChatRequestBody & { [KIMI_CALL_KEY]: KimiCall };
