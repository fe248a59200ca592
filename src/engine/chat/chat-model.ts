import {
  TypeValidationError,
  type LanguageModelV4CallOptions,
  type LanguageModelV4GenerateResult,
  type LanguageModelV4StreamResult,
} from '@ai-sdk/provider';
import { combineHeaders, normalizeHeaders } from '@ai-sdk/provider-utils';
import { unreadableAnswer } from '../../api/api-failure';
import { ServerChunks } from '../../stream/server-chunks';
import { answerFailure } from '../answer-failure';
import { prepareCall } from '../call';
import type { CallTarget, WireConfig } from '../call-target';
import { completeAnswer } from '../complete-answer';
import { readAnswer } from '../read-answer';
import { BODY_RULES } from '../request/body-rules';
import { ChatCallState } from './chat-call-state';
import { withServerChunks, withToolCallIds, wrapChatModel, type BindableChatModel } from './openai-compatible';
import { preparePrompt } from '../request/prepare-prompt';

/**
 * The chat completions wire: openai-compatible makes the body and reads the answer, the rules make the body Kimi's, and
 * one {@link ChatCallState} keeps what belongs to the call.
 */
export class ChatModel {
  private readonly config: WireConfig;
  private readonly wrapped: BindableChatModel;

  constructor(modelId: string, config: WireConfig) {
    this.config = config;
    this.wrapped = wrapChatModel(modelId, config.headers);
  }

  /**
   * openai-compatible's own `doGenerate` would serialise the body twice and ask the answer for what is known already,
   * so that only its two conversions are used.
   */
  async doGenerate(options: LanguageModelV4CallOptions, target: CallTarget): Promise<LanguageModelV4GenerateResult> {
    const { state, model, prepared } = this.begin(options, target, 'whole');
    try {
      const { body, warnings } = await model.prepareRequest(prepared);
      const sent = JSON.stringify(body);
      const response = await state.send({
        method: 'POST',
        headers: jsonHeaders(this.config.headers(), options.headers),
        body: sent,
        signal: options.abortSignal ?? null,
      });
      const { text, answer } = await readAnswer(response, state, options.abortSignal);
      state.noteAnswer(answer);
      state.tellUsage();
      const { response: metadata, ...result } = await model.convertResponse({ body: answer }).catch(error => {
        throw TypeValidationError.isInstance(error) ? unreadableAnswer(state, text) : error;
      });
      return {
        ...completeAnswer(
          { ...result, content: withToolCallIds(result.content, answer, this.config.generateId) },
          state,
          this.config.generateId,
        ),
        request: { body: sent },
        response: { ...metadata, headers: state.responseHeaders ?? {}, body: answer },
        warnings,
      };
    } catch (error) {
      throw answerFailure(error, state);
    }
  }

  async doStream(options: LanguageModelV4CallOptions, target: CallTarget): Promise<LanguageModelV4StreamResult> {
    const { state, model, prepared } = this.begin(options, target, 'stream');
    const serverChunks = options.includeRawChunks === true ? new ServerChunks() : undefined;
    try {
      const result = await model.bind(state.streamConfig(this.config.generateId, serverChunks)).doStream(prepared);
      return serverChunks === undefined ? result : { ...result, stream: withServerChunks(result.stream, serverChunks) };
    } catch (error) {
      throw answerFailure(error, state);
    }
  }

  private begin(options: LanguageModelV4CallOptions, target: CallTarget, answer: 'stream' | 'whole') {
    const { name, limits } = this.config;
    const state = new ChatCallState(target, prepareCall(options, target, name), limits, answer);
    const { reasoning: _reasoning, providerOptions: _options, prompt, ...rest } = options;
    return {
      state,
      prepared: { ...rest, prompt: preparePrompt(prompt, name) },
      model: this.wrapped.bind({
        transformRequestBody: (body, warnings = []) => state.transform(body, warnings, BODY_RULES),
      }),
    };
  }
}

/** Names in lower case, so that a call's header replaces a setting's, however they are written. */
function jsonHeaders(...headers: Array<Record<string, string | undefined> | undefined>): Record<string, string> {
  return { 'content-type': 'application/json', ...normalizeHeaders(combineHeaders(...headers)) };
}
