import type {
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamResult,
  SharedV4Warning,
} from '@ai-sdk/provider';
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
import { transformRequestBody } from './transform-request-body';

/**
 * `ms://` files are Kimi's own; every other URL is downloaded by the AI SDK and sent inline, because Kimi refuses http URLs
 * (peers.md 5.5).
 */
const SUPPORTED_URLS = { 'image/*': [/^ms:\/\//], 'video/*': [/^ms:\/\//] };

/**
 * The engine: one V4-shaped model over openai-compatible's, which is called with prepared options and whose body goes through the rules.
 * The faces put it into the dialect of each AI SDK major.
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
   * @throws KimiAPIError where the API refuses, the network fails, or the answer has neither text nor a tool call (decisions.md 33)
   * @throws KimiLoginRequiredError, KimiTokenRefreshError of the sign-in
   */
  async doGenerate(options: LanguageModelV4CallOptions): Promise<LanguageModelV4GenerateResult> {
    const exchange = new ChatExchange();
    const prepared = await this.prepare(options);
    try {
      const result = await this.bind(exchange, undefined).doGenerate(prepared);
      return this.complete(result, exchange);
    } catch (error) {
      throw chatFailure(error, exchange);
    }
  }

  /** @throws as `doGenerate`. What goes wrong after the answer has begun is an error part: a `KimiAPIError`. */
  async doStream(options: LanguageModelV4CallOptions): Promise<LanguageModelV4StreamResult> {
    const exchange = new ChatExchange();
    const prepared = await this.prepare(options);
    try {
      // Whoever wants the server's own chunks gets them unmerged.
      return await this.bind(exchange, { coalesce: options.includeRawChunks !== true }).doStream(prepared);
    } catch (error) {
      throw chatFailure(error, exchange);
    }
  }

  private async prepare(options: LanguageModelV4CallOptions): Promise<LanguageModelV4CallOptions> {
    const { name, service } = this.config;
    return prepareCall(options, await this.config.model(this.modelId), { name, service, keepsReasoningByDefault: await this.config.keepsReasoningByDefault() });
  }

  /** Tool calls that came without an id get one of the user's `generateId` instead of openai-compatible's own. */
  private withToolCallIds(content: LanguageModelV4Content[], body: unknown): LanguageModelV4Content[] {
    const calls = (body as AnswerBody | undefined)?.choices?.[0]?.message?.tool_calls ?? [];
    if (calls.every(call => call.id)) {
      return content;
    }
    let index = 0;
    return content.map(part => (part.type === 'tool-call' && !calls[index++]?.id ? { ...part, toolCallId: this.config.generateId() } : part));
  }

  private transform({ [KIMI_CALL_KEY]: call, ...body }: WireBody, warnings: SharedV4Warning[]): KimiChatRequestBody {
    warnings.push(...call.warnings);
    return transformRequestBody(body, call, this.config.rules, warning => warnings.push(warning));
  }

  private bind(exchange: ChatExchange, stream: { coalesce: boolean } | undefined): BindableChatModel {
    const { fetch, generateId } = this.config;
    const transform = (body: Record<string, unknown>, warnings: SharedV4Warning[]) => this.transform(body as WireBody, warnings);
    return this.wrapped.bind(exchange.bind({ fetch, generateId, transform, stream }));
  }

  /** What openai-compatible does not know of a whole answer: leaked tool calls, Kimi's usage and metadata, and that it may be empty. */
  private complete(result: LanguageModelV4GenerateResult, exchange: ChatExchange): LanguageModelV4GenerateResult {
    const body = result.response?.body;
    const given = this.withToolCallIds(result.content, body);
    const recovered = recoverToolCalls(given, exchange.toolNames, this.config.generateId);
    const content = recovered?.content ?? given;
    exchange.recoveredToolCalls = recovered?.count ?? 0;
    const { unified, raw } = result.finishReason;
    const mayBeEmpty = unified === 'length' || unified === 'content-filter';
    if (!mayBeEmpty && !content.some(part => (part.type === 'text' ? part.text.trim() !== '' : part.type !== 'reasoning'))) {
      throw answerFaultError(content.length === 0 ? 'empty' : 'thinking-only', exchange);
    }
    return {
      ...result,
      content,
      finishReason: { unified: unified === 'stop' && exchange.recoveredToolCalls > 0 ? 'tool-calls' : unified, raw },
      usage: convertUsage(findUsage(body)),
      providerMetadata: { ...result.providerMetadata, kimi: { ...result.providerMetadata?.kimi, ...exchange.metadata(body) } },
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
