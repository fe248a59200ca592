import type { FetchFunction } from '../transport/fetch-function';
import type { ModelInfo } from '../models/model-info';
import type { KimiService } from '../upstream';
import type { BodyRule } from './body-rule';

/** What the engine is given by the wiring; it reads neither settings nor environment. */
export type KimiChatConfig = {
  /** The provider's `name`: a providerOptions key beside `kimi`, and the outside `provider` string's first part. */
  name: string;
  service: KimiService;
  /** Whether the identity of the next request keeps all reasoning (decisions.md 30); it depends on the login in use. */
  keepsReasoningByDefault(): Promise<boolean>;
  /** Asked once per request. */
  apiBaseURL(): string;
  headers(): Record<string, string | undefined>;
  /** The chain that signs in and identifies. */
  fetch: FetchFunction;
  /**
   * What `id` means for the account: slug and capabilities. @throws when the account lacks it or it is served elsewhere
   */
  model(id: string): Promise<ModelInfo> | ModelInfo;
  /** After the server refused `slug`: what `id` means by a newer list, if that is another slug. */
  modelAfterRefusal(id: string, slug: string): Promise<ModelInfo | undefined>;
  generateId(): string;
  rules: readonly BodyRule[];
};
