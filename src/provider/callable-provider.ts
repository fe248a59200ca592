import { NoSuchModelError } from '@ai-sdk/provider';
import type { KimiFiles } from '../files/kimi-file';
import type { KimiTokenCount, KimiTokenCountOptions } from '../engine/token-count';
import type { KimiBalance } from '../account/balance';
import type { KimiModelId, ModelInfo } from '../models/model-info';
import type { ModelResolution } from '../models/resolve-model';
import type { V4Engine } from '../spec/v4';
import type { KimiUsage } from './account-usage';
import { processVariables, type Variables } from './environment';
import type { KimiAuth } from './kimi-auth';
import { KimiCore } from './kimi-core';
import type { KimiProviderSettings } from './kimi-provider-settings';
import type { KimiWeb } from './kimi-web';
import { portableModel, settingsOf, type PortableModel } from './portable-model';

type AccountCallOptions = { abortSignal?: AbortSignal | undefined };

/** What the provider of each specification has, `Model` being its language model. */
export interface CallableProvider<Model> {
  (modelId: KimiModelId): Model;
  languageModel(modelId: KimiModelId): Model;
  /** The same as `languageModel`. */
  chat(modelId: KimiModelId): Model;
  /**
   * The models the account has, in the server's order: the first is its default. From the server; the last good list
   * when it cannot be reached.
   * @throws KimiLoginRequiredError and the like; an Error when there is no list at all
   */
  models(): Promise<readonly ModelInfo[]>;
  /** What an id means for this account: the slug that is sent, its capabilities, and why. Throws for no id. */
  explain(modelId: KimiModelId): Promise<ModelResolution>;
  /**
   * How many tokens a prompt has: by the server where it counts them, else by the official client's estimate.
   * @throws KimiAPIError, KimiLoginRequiredError, KimiNoSuchModelError
   */
  countTokens(modelId: KimiModelId, options: KimiTokenCountOptions): Promise<KimiTokenCount>;
  /** Images and videos for Kimi: `files.upload()`; called, the AI SDK's `FilesV4`. */
  readonly files: KimiFiles;
  /**
   * What of the plan is used, and when it is fresh again, with the membership. Not on the platform: `balance()`.
   * @throws KimiAPIError (`KIMI_NOT_FOUND` where the host does not tell), KimiLoginRequiredError,
   *   KimiInvalidArgumentError on the platform
   */
  usage(options?: AccountCallOptions): Promise<KimiUsage>;
  /**
   * The money of a platform account. Not on the coding service: `usage()`.
   * @throws KimiAPIError, KimiLoginRequiredError, KimiInvalidArgumentError on the coding service
   */
  balance(options?: AccountCallOptions): Promise<KimiBalance>;
  /** Search and pages of the web, as the plan has them; as tools: `ai-sdk-provider-kimi/tools`. */
  readonly web: KimiWeb;
  /** Sign-in, sign-out, status. */
  readonly auth: KimiAuth;
  /** @throws NoSuchModelError: Kimi has no embedding models. */
  embeddingModel(modelId: string): never;
  /** @throws NoSuchModelError: Kimi has no embedding models. */
  textEmbeddingModel(modelId: string): never;
  /** @throws NoSuchModelError: Kimi has no image models. */
  imageModel(modelId: string): never;
}

/**
 * The provider over one core; `LanguageModel` puts the engine into a specification's words. Model objects are made once
 * per id.
 */
export function callableProvider<Model>(
  settings: KimiProviderSettings,
  LanguageModel: new (engine: V4Engine, portable: PortableModel) => Model,
  variables: Variables = processVariables,
): CallableProvider<Model> {
  const core = new KimiCore(settings, variables);
  const engine = memoizeById((modelId: KimiModelId) => core.engine(modelId));
  const languageModel = memoizeById(
    (modelId: KimiModelId) => new LanguageModel(engine(modelId), portableModel(modelId, settings)),
  );
  const noEmbeddingModel = (modelId: string): never => {
    throw new NoSuchModelError({ modelId, modelType: 'embeddingModel' });
  };
  return Object.assign((modelId: KimiModelId) => languageModel(modelId), {
    languageModel,
    chat: languageModel,
    auth: core.auth,
    files: core.files,
    web: core.web,
    models: () => core.models.list(),
    countTokens: (modelId: KimiModelId, options: KimiTokenCountOptions) => engine(modelId).countTokens(options),
    explain: (modelId: KimiModelId) => core.models.explain(modelId),
    usage: (options?: AccountCallOptions) => core.account.usage(options?.abortSignal),
    balance: (options?: AccountCallOptions) => core.account.balance(options?.abortSignal),
    embeddingModel: noEmbeddingModel,
    textEmbeddingModel: noEmbeddingModel,
    imageModel: (modelId: string): never => {
      throw new NoSuchModelError({ modelId, modelType: 'imageModel' });
    },
  });
}

/** One object per id: building a model costs about 0.4 ms of schemas (docs/wire.md#cost-of-a-model-object). */
function memoizeById<Id extends string, T>(create: (id: Id) => T): (id: Id) => T {
  const created = new Map<Id, T>();
  return id => {
    let object = created.get(id);
    if (object === undefined) {
      object = create(id);
      created.set(id, object);
    }
    return object;
  };
}

/** The engine of a model that has crossed a step. */
export function engineOf(portable: PortableModel): V4Engine {
  return new KimiCore(settingsOf(portable), processVariables).engine(portable.modelId);
}
