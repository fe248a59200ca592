import type { LanguageModelV4Usage, SharedV4Warning } from '@ai-sdk/provider';
import { extractResponseHeaders } from '@ai-sdk/provider-utils';
import { silentServer, toKimiAPIError, traceIdOf, unreadableAnswer, type Exchange } from '../api/api-failure';
import { isErrorBody } from '../api/error-body';
import { rateLimitsOf } from '../api/rate-limits';
import { readRefusal } from '../api/read-body';
import { hideSecrets } from '../errors/hide-secrets';
import type { KimiAPIError } from '../errors/kimi-api-error';
import { errorDetails, type KimiLogDetails } from '../log/log';
import { answerCost } from '../models/estimate-cost';
import { answerFaultOf } from '../stream/answer-fault';
import { isNoStream } from '../stream/stream-fetch';
import type { KimiLimits } from '../transport/limits';
import { SilenceLimit, type SilenceError } from '../transport/silence-limit';
import { untilAborted } from '../transport/wait';
import { answerFaultError } from './answer-failure';
import type { KimiCall } from './call';
import type { CallTarget } from './call-target';
import { kimiMetadata, type KimiProviderMetadata } from './metadata';
import { applyBodyRules, type BodyRule, type KimiChatRequestBody } from './request/body';
import { anySignal } from '../transport/any-signal';

/**
 * Until the first byte of an answer, which of a whole one comes when the model has thought to its end
 * (docs/decisions.md#57-time-limits-of-a-chat).
 */
const FIRST_BYTE_MS = { stream: 300_000, whole: 1_800_000 };

/** What of one request and its answer differs by wire. */
export type WireOfCall = {
  /** For the log. */
  name: 'chat' | 'messages';
  url: string;
  /** Names of the tools that the body lets the model call. */
  toolNamesOf(body: Record<string, unknown>): Iterable<string>;
  convertUsage(usage: unknown): LanguageModelV4Usage;
};

/**
 * One request and its answer: what is known of both, so that nothing of concurrent calls on one model mixes
 * (docs/decisions.md#6-one-engine). Each wire adds what its wrapped model needs to find it out.
 */
export class CallState implements Exchange {
  readonly url: string;
  requestBodyValues: unknown = {};
  statusCode: number | undefined;
  responseHeaders: Record<string, string> | undefined;
  recoveredToolCalls = 0;
  /** Tools that leaked markup may call: those on the wire. */
  toolNames: ReadonlySet<string> = new Set();
  /** How long the server may be silent, in this answer. */
  readonly silence: SilenceLimit;

  protected readonly target: CallTarget;
  protected readonly limits: KimiLimits;
  private readonly call: KimiCall;
  private readonly wire: WireOfCall;
  private usage: unknown;
  private servedModel: unknown;
  /** What the connection broke with. */
  private brokenBy: unknown;

  constructor(target: CallTarget, call: KimiCall, limits: KimiLimits, answer: 'stream' | 'whole', wire: WireOfCall) {
    this.target = target;
    this.call = call;
    this.limits = limits;
    this.wire = wire;
    const { firstByteMs = FIRST_BYTE_MS[answer], idleMs = 0 } = limits;
    this.silence = new SilenceLimit({ firstByteMs, idleMs });
    this.url = wire.url;
  }

  get identity(): string {
    return this.target.identity;
  }

  get credentialSource(): string | undefined {
    return this.target.credentialSource();
  }

  get secrets(): () => Iterable<string> {
    return this.target.secrets;
  }

  /** Wire name to the caller's, of tools that a body rule renamed. */
  get callerNames(): ReadonlyMap<string, string> {
    return this.call.toolNames;
  }

  /** openai-compatible's body to Kimi's, with the warnings of the call and of the rules. */
  transform(
    body: Record<string, unknown>,
    warnings: SharedV4Warning[],
    rules: readonly BodyRule[],
  ): KimiChatRequestBody {
    warnings.push(...this.call.warnings);
    const { log } = this.target;
    const changed: string[] = [];
    const sent = applyBodyRules(
      body as KimiChatRequestBody,
      this.call,
      rules,
      warning => warnings.push(warning),
      log && (rule => changed.push(rule)),
    );
    log?.debug('body', { wire: this.wire.name, model: sent.model, url: this.url, rules: changed });
    this.requestBodyValues = sent;
    if (log !== undefined) {
      warnings.forEach(warning => log.warn('warning', warningDetails(warning, sent)));
    }
    this.toolNames = new Set(this.wire.toolNamesOf(sent));
    return sent;
  }

  /** Tool calls that leaked as text were made calls. */
  noteRecovered(count: number): void {
    this.recoveredToolCalls += count;
    if (count > 0) {
      this.target.log?.info('recovered tool calls', { count });
    }
  }

  /** What a part of the answer, or all of it, says of use and of the model that answers. */
  note({ usage, model }: { usage?: unknown; model?: unknown }): void {
    this.usage = usage ?? this.usage;
    this.servedModel ??= model;
  }

  noteBroken(cause: unknown): void {
    this.brokenBy = cause;
  }

  /** Sends, and keeps the head of the answer. @throws KimiAPIError where the server is silent for too long */
  async send(init: RequestInit | undefined): Promise<Response> {
    const { silence } = this;
    const signal = anySignal(silence.signal, init?.signal);
    silence.wait();
    let response: Response;
    try {
      response = await this.target.fetch(this.url, { ...init, signal });
    } catch (error) {
      throw silence.signal.aborted && error === silence.signal.reason
        ? silentServer(this, error as SilenceError)
        : error;
    } finally {
      silence.pause();
    }
    this.statusCode = response.status;
    this.responseHeaders = extractResponseHeaders(response);
    return response;
  }

  /** What was used, by what the answer has said so far. */
  usageSoFar(): LanguageModelV4Usage {
    return this.wire.convertUsage(this.usage);
  }

  /** `providerMetadata.kimi`, by what the answer has said so far. */
  metadata(logprobs: readonly unknown[] = []): KimiProviderMetadata {
    const { service, asked, prices } = this.target;
    const { id: slug, contextLength } = this.target.model;
    const served = this.servedModel;
    const usage = this.usageSoFar();
    return kimiMetadata({
      traceId: traceIdOf(this.responseHeaders),
      servedModel: served,
      usage,
      cost: answerCost(usage, { asked, slug, contextLength, served }, service, prices),
      recoveredToolCalls: this.recoveredToolCalls,
      logprobs,
    });
  }

  /** The error for an event that is no part of an answer. */
  eventError(event: object): Error {
    const fault = answerFaultOf(event);
    const error =
      fault !== undefined
        ? answerFaultError(fault, this, this.brokenBy)
        : isErrorBody(event)
          ? toKimiAPIError(this, event, { inAnswer: true })
          : answerFaultError('malformed', this);
    this.target.log?.error('failure', errorDetails(error));
    return error;
  }

  /**
   * The error for a refusal. One that calls the plan used up says which window it is and when it is fresh again, where
   * anything says so; an abort does not wait for that.
   */
  async refusal(response: Response, abortSignal: AbortSignal | null | undefined): Promise<KimiAPIError> {
    const body = (await readRefusal(response, abortSignal)).text;
    let error = toKimiAPIError(this, body);
    if (
      error.code === 'KIMI_QUOTA_EXHAUSTED' &&
      (error.resetsAt === undefined || error.reason === 'period') &&
      abortSignal?.aborted !== true
    ) {
      const usedUp = await untilAborted(this.target.usedUp(error.reason), abortSignal ?? undefined);
      error = usedUp === undefined ? error : toKimiAPIError(this, body, { usedUp });
    }
    this.tellUsage(error);
    return error;
  }

  /** For `onUsage`: what a whole answer, the end of a stream or a refusal tells. */
  tellUsage(error?: KimiAPIError): void {
    const { onUsage } = this.target;
    if (onUsage === undefined) {
      return;
    }
    onUsage({
      modelId: this.target.model.id,
      status: this.statusCode ?? 0,
      traceId: traceIdOf(this.responseHeaders),
      tokens: error !== undefined || this.usage === undefined ? undefined : this.usageSoFar(),
      rateLimits: rateLimitsOf(this.responseHeaders, Date.now()),
      error,
    });
  }

  /** A refusal, and a good answer that is no stream, as errors: the wrapped models would read either without a limit. */
  async requireStream(response: Response, abortSignal: AbortSignal | null | undefined): Promise<Response> {
    if (!response.ok) {
      throw await this.refusal(response, abortSignal);
    }
    if (isNoStream(response)) {
      throw unreadableAnswer(this, (await readRefusal(response, abortSignal)).text);
    }
    return response;
  }
}

/** What the caller is warned of, without what it quotes of the prompt. */
function warningDetails(warning: SharedV4Warning, { messages, system }: KimiChatRequestBody): KimiLogDetails {
  const { type } = warning;
  const { feature, setting, details, message } = warning as Partial<Record<string, string>>;
  return { type, ...hideSecrets({ feature, setting, details, message }, { prompts: [messages, system] }) };
}
