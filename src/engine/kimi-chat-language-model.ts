import { OpenAICompatibleChatLanguageModel } from '@ai-sdk/openai-compatible';
import type {
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamResult,
  SharedV4Warning,
} from '@ai-sdk/provider';
import type { KimiCall } from './kimi-call';
import type { KimiChatConfig } from './kimi-chat-config';
import type { KimiChatRequestBody } from './kimi-chat-request-body';
import { createChatStreamFetch } from '../stream/chat-stream-fetch';
import { convertUsage, findUsage } from './convert-usage';
import { kimiErrorStructure } from './kimi-error-structure';
import { KIMI_CALL_KEY, prepareCall } from './prepare-call';
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
  private readonly wrapped: OpenAICompatibleChatLanguageModel;

  /** For calls that want the server's own chunks: the same, without merged deltas. Made when first asked for. */
  private wrappedRaw: OpenAICompatibleChatLanguageModel | undefined;

  /**
   * Usage on its way from `buildMetadata` to `convertUsage`, which openai-compatible calls one after the other in the same flush.
   * It saves a pass over the stream; in `doGenerate` an await lies between the two, where concurrent calls would mix (decisions.md 6).
   */
  private streamUsage: unknown;

  constructor(modelId: string, config: KimiChatConfig) {
    this.modelId = modelId;
    this.provider = `${config.name}.chat`;
    this.config = config;
    this.wrapped = this.wrap(true);
  }

  async doGenerate(options: LanguageModelV4CallOptions): Promise<LanguageModelV4GenerateResult> {
    const result = await this.wrapped.doGenerate(await this.prepare(options));
    const { response } = result;
    return { ...result, content: this.withToolCallIds(result.content, response?.body), usage: convertUsage(findUsage(response?.body)) };
  }

  async doStream(options: LanguageModelV4CallOptions): Promise<LanguageModelV4StreamResult> {
    const wrapped = options.includeRawChunks ? (this.wrappedRaw ??= this.wrap(false)) : this.wrapped;
    return wrapped.doStream(await this.prepare(options));
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

  private wrap(coalesce: boolean): OpenAICompatibleChatLanguageModel {
    const { config } = this;
    return new OpenAICompatibleChatLanguageModel(this.modelId, {
      // Always this name: openai-compatible warns about a dashed one and derives option keys from it (decisions.md 3).
      provider: 'kimi.chat',
      url: ({ path }) => `${config.apiBaseURL()}${path}`,
      headers: config.headers,
      fetch: createChatStreamFetch({ fetch: config.fetch, generateId: config.generateId, coalesce }),
      includeUsage: true,
      supportsStructuredOutputs: true,
      supportsMultiPartToolContent: true,
      supportedUrls: () => SUPPORTED_URLS,
      errorStructure: kimiErrorStructure,
      transformRequestBody: (body, warnings = []) => this.transform(body as WireBody, warnings),
      convertUsage: usage => {
        const streamed = this.streamUsage;
        this.streamUsage = undefined;
        return convertUsage(streamed ?? usage);
      },
      metadataExtractor: {
        extractMetadata: async () => undefined,
        createStreamExtractor: () => {
          let last: unknown;
          return {
            processChunk: chunk => {
              last = findUsage(chunk) ?? last;
            },
            buildMetadata: () => {
              this.streamUsage = last;
              return undefined;
            },
          };
        },
      },
    });
  }
}

type AnswerBody = { choices?: Array<{ message?: { tool_calls?: Array<{ id?: string | null }> | null } }> };
type WireBody = KimiChatRequestBody & { [KIMI_CALL_KEY]: KimiCall };
