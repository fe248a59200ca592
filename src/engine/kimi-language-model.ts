import type {
  LanguageModelV4CallOptions,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
  LanguageModelV4StreamResult,
} from '@ai-sdk/provider';
import { KimiAPIError } from '../errors/kimi-api-error';
import { isOpencodeCall } from '../hosts/opencode/call';
import { softenedForOpencode } from '../hosts/opencode/softened-error';
import { errorDetails } from '../log/log';
import { wireOf } from '../models/model-info';
import { checkHeaders } from '../transport/headers';
import { untilAborted } from '../transport/wait';
import type { CallTarget, WireConfig } from './call-target';
import { ChatModel } from './chat/chat-model';
import { countedPrompt, type KimiTokenCount, type KimiTokenCountOptions } from './token-count';
import type { MessagesModel } from './messages/messages-model';
import { isSignatureRefused, withoutSignatures } from './messages/refused-signature';
import { isFileGone, namedFiles, uploadMedia } from './upload-media';

export type KimiLanguageModelConfig = WireConfig & {
  /** Whether media of prompts are uploaded, where a call does not say. */
  uploadMedia: 'auto' | 'never';
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
  private messages: Promise<MessagesModel> | undefined;

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
    return this.saidFor(options, () =>
      this.withTarget(options, async (given, target) => (await this.wire(target)).doGenerate(given, target)),
    );
  }

  /** @throws as `doGenerate`. What goes wrong after the answer has begun is an error part: a `KimiAPIError`. */
  async doStream(options: LanguageModelV4CallOptions): Promise<LanguageModelV4StreamResult> {
    const result = await this.saidFor(options, () =>
      this.withTarget(options, async (given, target) => (await this.wire(target)).doStream(given, target)),
    );
    return isOpencodeCall(options.headers) ? { ...result, stream: withSoftenedErrors(result.stream) } : result;
  }

  /**
   * How many tokens a prompt has: by the server where it counts them, else by the estimate that limits go by.
   * @throws as `doGenerate`
   */
  async countTokens({ prompt, ...options }: KimiTokenCountOptions): Promise<KimiTokenCount> {
    const call = { ...options, prompt: countedPrompt(prompt) };
    checkHeaders(call.headers);
    const target = await untilAborted(this.config.resolve(), call.abortSignal);
    return (await this.messagesModel()).countTokens(call, target);
  }

  /** The Anthropic wire and its library are loaded when a call goes by it. */
  private wire({ model, protocol }: CallTarget): ChatModel | Promise<MessagesModel> {
    return wireOf(model, protocol) === 'chat' ? this.chat : this.messagesModel();
  }

  private messagesModel(): Promise<MessagesModel> {
    this.messages ??= import('./messages/messages-model').then(
      ({ MessagesModel: Model }) => new Model(this.modelId, this.config),
    );
    // A process without file descriptors may have some again.
    this.messages.catch(() => (this.messages = undefined));
    return this.messages;
  }

  /** What fails, in the words of the host that called (docs/decisions.md#85-softer-words-in-opencode). */
  private async saidFor<T>({ headers }: LanguageModelV4CallOptions, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw isOpencodeCall(headers) ? softenedForOpencode(error) : error;
    }
  }

  private async withTarget<T>(options: LanguageModelV4CallOptions, send: Send<T>): Promise<T> {
    checkHeaders(options.headers);
    // A call that is aborted waits for nothing; the list of models goes on for the others.
    const target = await untilAborted(this.config.resolve(), options.abortSignal);
    const sent = await this.withMedia(options, target);
    try {
      return await send(sent.options, sent.target);
    } catch (error) {
      target.log?.error('failure', errorDetails(error));
      const again = await this.afterRefusal(error, sent, options);
      if (again === undefined) {
        throw error;
      }
      return send(again.options, again.target);
    }
  }

  /** The call with its media uploaded, where that is asked for. */
  private async withMedia(options: LanguageModelV4CallOptions, target: CallTarget): Promise<SentCall> {
    const { providerOptions } = options;
    const asked = providerOptions?.[this.config.name]?.uploadMedia ?? providerOptions?.kimi?.uploadMedia;
    if ((asked ?? this.config.uploadMedia) !== 'auto') {
      return { options, target, cachedIds: [] };
    }
    const { prompt, warnings, cachedIds } = await uploadMedia(options, target);
    return { options: { ...options, prompt }, target: { ...target, warnings }, cachedIds };
  }

  /**
   * What is sent once more. A model that the server refuses is looked up anew, in case that its slug is another one
   * now; media that it has forgotten are uploaded again; thinking whose signature it refuses goes without one
   * (docs/decisions.md#72-signatures-of-thinking).
   */
  private async afterRefusal(
    refusal: unknown,
    { options, target, cachedIds }: SentCall,
    original: LanguageModelV4CallOptions,
  ): Promise<SentCall | undefined> {
    if (isFileGone(refusal)) {
      // Which of them it is nobody says. One that is there after all costs an upload.
      const ids = namedFiles(options.prompt);
      target.log?.info('files forgotten', { count: ids.length });
      await Promise.all(ids.map(id => target.uploads.forget(id)));
      return cachedIds.length > 0 ? this.withMedia(original, target) : undefined;
    }
    const prompt = isSignatureRefused(refusal) ? withoutSignatures(options.prompt) : undefined;
    if (prompt !== undefined) {
      target.log?.info('signature refused', { next: 'sent again without signatures' });
      return { options: { ...options, prompt }, target, cachedIds };
    }
    // "Not found the model … or Permission denied" (docs/wire.md#error-model); 401 and 400 for an id that is gone
    // (docs/wire.md#error-model-401).
    const isRefusedModel =
      KimiAPIError.isInstance(refusal) && (refusal.statusCode === 404 || refusal.code === 'KIMI_MODEL_UNAVAILABLE');
    const model = isRefusedModel ? await untilAborted(target.modelAfterRefusal(), options.abortSignal) : undefined;
    if (model === undefined) {
      return undefined;
    }
    target.log?.info('model refused', { model: target.model.id, next: model.id });
    return { options, target: { ...target, model }, cachedIds };
  }
}

/** The parts of an answer for opencode: what breaks off in the middle is an error part. */
function withSoftenedErrors(stream: LanguageModelV4StreamResult['stream']): LanguageModelV4StreamResult['stream'] {
  return stream.pipeThrough(
    new TransformStream<LanguageModelV4StreamPart, LanguageModelV4StreamPart>({
      transform(part, controller) {
        controller.enqueue(part.type === 'error' ? { ...part, error: softenedForOpencode(part.error) } : part);
      },
    }),
  );
}

type Send<T> = (options: LanguageModelV4CallOptions, target: CallTarget) => Promise<T>;

/** What goes to the wire. */
type SentCall = {
  options: LanguageModelV4CallOptions;
  target: CallTarget;
  /** Of files that the server was believed to have. */
  cachedIds: readonly string[];
};
