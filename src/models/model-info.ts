import type { CodingModelId, PlatformModelId } from './model-rows';

/** What the engine must know of a model. From the bundled table, or from the server's list, which wins. */
export type ModelInfo = {
  /** The slug as it goes on the wire. */
  id: string;
  displayName?: string;
  /** Context window in tokens, prompt and answer together. */
  contextLength: number;
  /**
   * `supports_thinking_type`: `only` always thinks, `both` can be switched, `no` never does
   * (docs/wire.md#thinking-types).
   */
  thinking: 'only' | 'both' | 'no';
  /** `think_efforts.valid_efforts` in server order; absent where the model is on/off only. */
  efforts?: readonly string[];
  /** `think_efforts.default_effort`. */
  defaultEffort?: string;
  imageInput: boolean;
  videoInput: boolean;
  toolUse: boolean;
  /** Tools may be added by a message in mid-conversation (docs/wire.md#dynamic-tools). */
  dynamicTools: boolean;
  /** Wire the model is served on; this package speaks `openai` (chat completions) and `anthropic` (messages). */
  protocol: 'openai' | 'anthropic' | 'response';
  /** `fixed`: the server refuses changed sampling settings (docs/wire.md#fixed-sampling). `free`: it takes them. */
  sampling: 'fixed' | 'free';
};

/**
 * Wire that calls go by. `auto`: the one that the account's list names for the model, chat completions where it names
 * none.
 */
export type KimiProtocol = 'auto' | 'chat' | 'messages';

/** The wire of one call. */
export function wireOf(model: Pick<ModelInfo, 'protocol'>, asked: KimiProtocol): 'chat' | 'messages' {
  return asked === 'auto' ? (model.protocol === 'anthropic' ? 'messages' : 'chat') : asked;
}

/** Ids known when this was released, and any other string the account's `/models` lists. */
export type KimiModelId = CodingModelId | PlatformModelId | (string & {});
