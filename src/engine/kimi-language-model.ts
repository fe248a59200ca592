import type {
  LanguageModelV4CallOptions,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamResult,
} from '@ai-sdk/provider';
import { KimiAPIError } from '../errors/kimi-api-error';
import { errorDetails } from '../log/log';
import { checkHeaders } from '../transport/headers';
import { untilAborted } from '../transport/wait';
import type { CallTarget, WireConfig } from './call-target';
import { ChatModel } from './chat/chat-model';

export type KimiLanguageModelConfig = WireConfig & {
  /**
   * Asked once per call. @throws when the account lacks the model, or it is served on a wire that is not spoken here
   */
  resolve(): Promise<CallTarget>;
};

/**
 * `ms://` files are Kimi's own; every other URL is downloaded by the AI SDK and sent inline, because Kimi refuses http
 * URLs (docs/wire.md#media-by-url).
 */
const SUPPORTED_URLS = { 'image/*': [/^ms:\/\//], 'video/*': [/^ms:\/\//] };

/**
 * The engine: one V4-shaped model. Resolves what a call is made with, once, and hands it to the wire that the model is
 * served on; `spec/` puts it into the dialect of each AI SDK major.
 */
export class KimiLanguageModel {
  readonly modelId: string;
  readonly provider: string;
  readonly supportedUrls = SUPPORTED_URLS;

  private readonly config: KimiLanguageModelConfig;
  private readonly chat: ChatModel;

  constructor(modelId: string, config: KimiLanguageModelConfig) {
    this.modelId = modelId;
    this.provider = `${config.name}.chat`;
    this.config = config;
    this.chat = new ChatModel(modelId, config);
  }

  /**
   * @throws KimiAPIError where the API refuses, the network fails, or the answer has neither text nor a tool call
   *   (docs/decisions.md#33-empty-answers)
   * @throws KimiLoginRequiredError, KimiTokenRefreshError of the sign-in
   */
  async doGenerate(options: LanguageModelV4CallOptions): Promise<LanguageModelV4GenerateResult> {
    return this.withTarget(options, target => this.chat.doGenerate(options, target));
  }

  /** @throws as `doGenerate`. What goes wrong after the answer has begun is an error part: a `KimiAPIError`. */
  async doStream(options: LanguageModelV4CallOptions): Promise<LanguageModelV4StreamResult> {
    return this.withTarget(options, target => this.chat.doStream(options, target));
  }

  /** A model that the server refuses is looked up anew, and sent again once if its slug is another one now. */
  private async withTarget<T>(
    { headers, abortSignal }: LanguageModelV4CallOptions,
    send: (target: CallTarget) => Promise<T>,
  ): Promise<T> {
    checkHeaders(headers);
    // A call that is aborted waits for nothing; the list of models goes on for the others.
    const target = await untilAborted(this.config.resolve(), abortSignal);
    try {
      return await send(target);
    } catch (error) {
      target.log?.error('failure', errorDetails(error));
      // "Not found the model … or Permission denied" (docs/wire.md#error-model); 401 and 400 for an id that is gone
      // (docs/wire.md#error-model-401).
      const isRefusedModel =
        KimiAPIError.isInstance(error) && (error.statusCode === 404 || error.code === 'KIMI_MODEL_UNAVAILABLE');
      const model = isRefusedModel ? await untilAborted(target.modelAfterRefusal(), abortSignal) : undefined;
      if (model === undefined) {
        throw error;
      }
      target.log?.info('model refused', { model: target.model.id, next: model.id });
      return send({ ...target, model });
    }
  }
}
