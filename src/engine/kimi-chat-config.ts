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
  model(id: string): Promise<ModelInfo> | ModelInfo;
  generateId(): string;
  rules: readonly BodyRule[];
};
