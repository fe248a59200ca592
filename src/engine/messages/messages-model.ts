import type {
  LanguageModelV4CallOptions,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamResult,
  SharedV4Warning,
} from '@ai-sdk/provider';
import { combineHeaders, normalizeHeaders } from '@ai-sdk/provider-utils';
import { unreadableAnswer } from '../../api/api-failure';
import { KimiAPIError } from '../../errors/kimi-api-error';
import { ServerChunks } from '../../stream/server-chunks';
import { ANTHROPIC_VERSION, KEEPS_THINKING_BETA } from '../../upstream';
import { answerFailure } from '../answer-failure';
import { prepareCall } from '../call';
import type { CallTarget, WireConfig } from '../call-target';
import { wrapChatModel, type BindableChatModel } from '../chat/openai-compatible';
import { completeAnswer } from '../complete-answer';
import { readAnswer } from '../read-answer';
import type { BodyRule } from '../request/body';
import { preparePrompt } from '../request/prepare-prompt';
import type { KimiTokenCount } from '../token-count';
import { kimiParts, STAND_IN, wrapMessagesModel } from './anthropic';
import { ALL_MESSAGES_RULES, countRules } from './body-rules';
import { MessagesCallState } from './messages-call-state';
import { readWholeAnswer } from './whole-answer';

/** Prepared and sent, up to the answer. */
type Begun = {
  state: MessagesCallState;
  body: Record<string, unknown>;
  warnings: SharedV4Warning[];
  headers: Record<string, string>;
};

/**
 * The Anthropic wire. A request begins as one of chat completions, on which all rules of Kimi have been, and is put
 * into the words of this wire by the rules beside this file; a stream is read by `@ai-sdk/anthropic`
 * (docs/decisions.md#70-one-request-for-both-wires).
 */
export class MessagesModel {
  private readonly config: WireConfig;
  private readonly writer: BindableChatModel;
  /** Places that do not count tokens. */
  private readonly countless = new Set<string>();

  constructor(modelId: string, config: WireConfig) {
    this.config = config;
    this.writer = wrapChatModel(modelId, config.headers);
  }

  async doGenerate(options: LanguageModelV4CallOptions, target: CallTarget): Promise<LanguageModelV4GenerateResult> {
    const { generateId } = this.config;
    const state = this.stateOf(options, target, 'whole');
    try {
      const { body, warnings, headers } = await this.begin(options, state);
      const sent = JSON.stringify(body);
      const response = await state.send({
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: sent,
        signal: options.abortSignal ?? null,
      });
      const { text, answer } = await readAnswer(response, state, options.abortSignal);
      const whole = readWholeAnswer(answer, generateId);
      if (whole === undefined) {
        throw unreadableAnswer(state, text);
      }
      const { content, finishReason, id, modelId } = whole;
      state.note({ usage: (answer as { usage?: unknown }).usage, model: modelId });
      state.tellUsage();
      return {
        ...completeAnswer({ content, finishReason, usage: state.usageSoFar() }, state, generateId),
        request: { body: sent },
        response: {
          ...(id === undefined ? {} : { id }),
          ...(modelId === undefined ? {} : { modelId }),
          headers: state.responseHeaders ?? {},
          body: answer,
        },
        warnings,
      };
    } catch (error) {
      throw answerFailure(error, state);
    }
  }

  async doStream(options: LanguageModelV4CallOptions, target: CallTarget): Promise<LanguageModelV4StreamResult> {
    const { generateId } = this.config;
    const state = this.stateOf(options, target, 'stream');
    const serverChunks = options.includeRawChunks === true ? new ServerChunks() : undefined;
    try {
      const { body, warnings, headers } = await this.begin(options, state);
      body.stream = true;
      const model = wrapMessagesModel(state.url, body, state.streamFetch(generateId, serverChunks), generateId);
      const { stream } = await model.doStream({ ...STAND_IN, ...rest(options), headers });
      const facts = {
        warnings,
        serverChunks,
        nextError: () => state.nextError(),
        finish: () => {
          state.tellUsage();
          return { usage: state.usageSoFar(), providerMetadata: { kimi: state.metadata() } };
        },
      };
      return {
        stream: kimiParts(stream, facts),
        request: { body },
        response: { headers: state.responseHeaders ?? {} },
      };
    } catch (error) {
      throw answerFailure(error, state);
    }
  }

  /** The tokens of a prompt, by the server where it counts them, else by estimate. @throws KimiAPIError as a call */
  async countTokens(options: LanguageModelV4CallOptions, target: CallTarget): Promise<KimiTokenCount> {
    // What `onUsage` is told of are chats.
    const state = this.stateOf(options, { ...target, onUsage: undefined }, 'whole', '/count_tokens');
    let estimate = 0;
    try {
      const { body, headers } = await this.begin(
        options,
        state,
        countRules(tokens => (estimate = tokens)),
      );
      if (this.countless.has(state.url)) {
        return { inputTokens: estimate, isEstimate: true };
      }
      const response = await state.send({
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(pick(body, COUNTED)),
        signal: options.abortSignal ?? null,
      });
      const { answer } = await readAnswer(response, state, options.abortSignal);
      const { input_tokens: inputTokens } = (answer ?? {}) as { input_tokens?: unknown };
      return typeof inputTokens === 'number'
        ? { inputTokens, isEstimate: false }
        : { inputTokens: estimate, isEstimate: true };
    } catch (error) {
      const refusal = answerFailure(error, state);
      if (!isWithoutCount(refusal)) {
        throw refusal;
      }
      this.countless.add(state.url);
      return { inputTokens: estimate, isEstimate: true };
    }
  }

  private stateOf(
    options: LanguageModelV4CallOptions,
    target: CallTarget,
    answer: 'stream' | 'whole',
    path?: string,
  ): MessagesCallState {
    const { name, limits } = this.config;
    // Tools come with the request here, always (docs/wire.md#dynamic-tools).
    const model = { ...target.model, dynamicTools: false };
    return new MessagesCallState(target, prepareCall(options, { ...target, model }, name), limits, answer, path);
  }

  private async begin(
    options: LanguageModelV4CallOptions,
    state: MessagesCallState,
    rules: readonly BodyRule[] = ALL_MESSAGES_RULES,
  ): Promise<Omit<Begun, 'state'>> {
    const { name, headers } = this.config;
    const { reasoning: _reasoning, providerOptions: _options, prompt, ...others } = options;
    const writer = this.writer.bind({
      transformRequestBody: (body, warnings = []) => state.transform(body, warnings, rules),
    });
    const { body, warnings } = await writer.prepareRequest({ ...others, prompt: preparePrompt(prompt, name) });
    return { body, warnings, headers: headersOf(body, headers(), options.headers) };
  }
}

/** Fields of a request that count (docs/wire.md#anthropic-token-counts). */
const COUNTED = ['model', 'messages', 'system', 'tools', 'tool_choice', 'thinking'];

function pick(body: Record<string, unknown>, fields: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(fields.filter(field => body[field] !== undefined).map(field => [field, body[field]]));
}

/** The server knows no such path; whether Kimi's does is not known (docs/wire.md#anthropic-token-counts). */
function isWithoutCount(error: unknown): boolean {
  return (
    KimiAPIError.isInstance(error) &&
    (error.statusCode === 404 || error.statusCode === 405 || error.statusCode === 501) &&
    error.code !== 'KIMI_MODEL_UNAVAILABLE'
  );
}

function rest({ abortSignal, includeRawChunks }: LanguageModelV4CallOptions): Partial<LanguageModelV4CallOptions> {
  return {
    ...(abortSignal === undefined ? {} : { abortSignal }),
    ...(includeRawChunks === undefined ? {} : { includeRawChunks }),
  };
}

/** What the official client sends besides (docs/wire.md#anthropic-headers); names in lower case. */
function headersOf(
  body: Record<string, unknown>,
  ...given: Array<Record<string, string | undefined> | undefined>
): Record<string, string> {
  const own = normalizeHeaders(combineHeaders(...given));
  const betas = [own['anthropic-beta'], body.context_management === undefined ? undefined : KEEPS_THINKING_BETA];
  const beta = betas.filter(value => value !== undefined).join(',');
  return { 'anthropic-version': ANTHROPIC_VERSION, ...own, ...(beta === '' ? {} : { 'anthropic-beta': beta }) };
}
