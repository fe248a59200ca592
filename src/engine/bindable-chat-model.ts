import { OpenAICompatibleChatLanguageModel } from '@ai-sdk/openai-compatible';

type ChatConfig = ConstructorParameters<typeof OpenAICompatibleChatLanguageModel>[1];

/** What may differ from call to call; the rest is baked in when the model is made. */
export type BoundConfig = Required<
  Pick<ChatConfig, 'fetch' | 'transformRequestBody' | 'convertUsage' | 'metadataExtractor'>
>;

/**
 * openai-compatible's model, with a way to give one call a configuration of its own, so that what belongs to one call
 * (its body, its answer's headers, its usage) is kept apart from others on the same model. Making a model costs half a
 * millisecond (aisdk.md 9); binding one costs an object.
 */
export class BindableChatModel extends OpenAICompatibleChatLanguageModel {
  bind(config: BoundConfig): this {
    return Object.create(this, { config: { value: { ...this.config, ...config } } }) as this;
  }
}
