import type { SharedV4Warning } from '@ai-sdk/provider';
import { extractResponseHeaders } from '@ai-sdk/provider-utils';
import { silentServer, toKimiAPIError, traceIdOf, unreadableAnswer, type Exchange } from '../../api/api-failure';
import { isErrorBody } from '../../api/error-body';
import { rateLimitsOf } from '../../api/rate-limits';
import { readRefusal } from '../../api/read-body';
import { answerFaultOf } from '../../stream/chat/answer-watch';
import { createChatStreamFetch, isNoStream } from '../../stream/chat/chat-stream-fetch';
import type { ServerChunks } from '../../stream/server-chunks';
import { answerCost } from '../../models/estimate-cost';
import type { KimiAPIError } from '../../errors/kimi-api-error';
import type { KimiLimits } from '../../transport/limits';
import { SilenceLimit, type SilenceError } from '../../transport/silence-limit';
import { untilAborted } from '../../transport/wait';
import { answerFaultError } from '../answer-failure';
import type { KimiCall } from '../call';
import type { CallTarget } from '../call-target';
import { hideSecrets } from '../../errors/hide-secrets';
import { errorDetails, type KimiLogDetails } from '../../log/log';
import { kimiMetadata, type KimiProviderMetadata } from '../metadata';
import { applyBodyRules, bodyTools, type BodyRule, type KimiChatRequestBody } from './body';
import { isUnreadable, setEventError, type BoundConfig } from './openai-compatible';
import { convertUsage, findUsage } from './usage';

/**
 * Until the first byte of an answer, which of a whole one comes when the model has thought to its end
 * (docs/decisions.md#57-time-limits-of-a-chat).
 */
const FIRST_BYTE_MS = { stream: 300_000, whole: 1_800_000 };

/**
 * One request and its answer: what is known of both, so that nothing of concurrent calls on one model mixes
 * (docs/decisions.md#6-one-engine), and the configuration that finds it out while openai-compatible makes the call.
 */
export class CallState implements Exchange {
  readonly url: string;
  requestBodyValues: unknown = {};
  statusCode: number | undefined;
  responseHeaders: Record<string, string> | undefined;
  recoveredToolCalls = 0;
  /** Tools that leaked markup may call: those on the wire. */
  toolNames: ReadonlySet<string> = new Set();

  private readonly target: CallTarget;
  private readonly call: KimiCall;
  private readonly limits: KimiLimits;
  /** How long the server may be silent, in this answer. */
  readonly silence: SilenceLimit;
  private usage: unknown;
  private servedModel: unknown;
  private readonly logprobs: unknown[] = [];
  /** What the connection broke with. */
  private brokenBy: unknown;

  constructor(target: CallTarget, call: KimiCall, limits: KimiLimits, answer: 'stream' | 'whole') {
    this.target = target;
    this.call = call;
    this.limits = limits;
    const { firstByteMs = FIRST_BYTE_MS[answer], idleMs = 0 } = limits;
    this.silence = new SilenceLimit({ firstByteMs, idleMs });
    this.url = `${target.apiBaseURL}/chat/completions`;
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
    log?.debug('body', { wire: 'chat', model: sent.model, url: this.url, rules: changed });
    this.requestBodyValues = sent;
    if (log !== undefined) {
      warnings.forEach(warning => log.warn('warning', warningDetails(warning, sent)));
    }
    this.toolNames = new Set(sent.tool_choice === 'none' ? [] : bodyTools(sent).map(tool => tool.function.name));
    return sent;
  }

  /** Tool calls that leaked as text were made calls. */
  noteRecovered(count: number): void {
    this.recoveredToolCalls += count;
    if (count > 0) {
      this.target.log?.info('recovered tool calls', { count });
    }
  }

  /** Sends, and keeps the head of the answer. @throws KimiAPIError where the server is silent for too long */
  async send(init: RequestInit | undefined): Promise<Response> {
    const { silence } = this;
    const signal = init?.signal ? AbortSignal.any([init.signal, silence.signal]) : silence.signal;
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

  /** For a call whose answer is an event stream. */
  streamConfig(generateId: () => string, serverChunks: ServerChunks | undefined): Partial<BoundConfig> {
    return {
      url: () => this.url,
      fetch: createChatStreamFetch({
        fetch: async (_input, init) => this.requireStream(await this.send(init), init?.signal),
        generateId,
        serverChunks,
        eventLimit: this.limits.eventBytes,
        answer: () => ({
          silence: this.silence,
          toolNames: this.toolNames,
          callerNames: this.callerNames,
          generateId,
          keepsLogprobs: this.keepsLogprobs,
          onRecovered: count => this.noteRecovered(count),
          onBroken: cause => {
            this.brokenBy = cause;
          },
        }),
      }),
      // Called in a stream's flush. A whole answer's usage is read from its body (docs/decisions.md#6-one-engine).
      convertUsage: usage => convertUsage(this.usage ?? usage),
      metadataExtractor: {
        extractMetadata: async () => undefined,
        createStreamExtractor: () => ({
          processChunk: event => this.observe(event),
          buildMetadata: () => {
            this.tellUsage(undefined);
            return { kimi: this.metadata() };
          },
        }),
      },
    };
  }

  /** Only what was asked for: a server may send them anyway. */
  private get keepsLogprobs(): boolean {
    return (this.requestBodyValues as { logprobs?: unknown }).logprobs === true;
  }

  /** `providerMetadata.kimi`. @param body a whole answer's */
  metadata(body?: unknown): KimiProviderMetadata {
    const { service, asked, prices } = this.target;
    const { id: slug, contextLength } = this.target.model;
    const served = (body as { model?: unknown } | undefined)?.model ?? this.servedModel;
    const usage = convertUsage(findUsage(body) ?? this.usage);
    return kimiMetadata({
      traceId: traceIdOf(this.responseHeaders),
      servedModel: served,
      usage,
      cost: answerCost(usage, { asked, slug, contextLength, served }, service, prices),
      recoveredToolCalls: this.recoveredToolCalls,
      logprobs: this.keepsLogprobs ? [...this.logprobs, ...logprobsOf(body)] : [],
    });
  }

  private eventError(event: object): Error {
    const fault = answerFaultOf(event);
    if (fault !== undefined) {
      return answerFaultError(fault, this, this.brokenBy);
    }
    return isErrorBody(event) ? toKimiAPIError(this, event, { inAnswer: true }) : answerFaultError('malformed', this);
  }

  private observe(event: unknown): void {
    if (isErrorBody(event) || isUnreadable(event)) {
      const error = this.eventError(event);
      this.target.log?.error('failure', errorDetails(error));
      setEventError(event, error);
      return;
    }
    this.usage = findUsage(event) ?? this.usage;
    this.servedModel ??= (event as { model?: unknown } | null)?.model;
    if (this.keepsLogprobs) {
      // One by one: more than a hundred thousand arguments overflow the stack.
      logprobsOf(event).forEach(entry => this.logprobs.push(entry));
    }
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
    this.tellUsage(undefined, error);
    return error;
  }

  /** For `onUsage`: what a whole answer, the end of a stream or a refusal tells. */
  tellUsage(body: unknown, error?: KimiAPIError): void {
    const { onUsage } = this.target;
    if (onUsage === undefined) {
      return;
    }
    const usage = error === undefined ? (findUsage(body) ?? this.usage) : undefined;
    onUsage({
      modelId: this.target.model.id,
      status: this.statusCode ?? 0,
      traceId: traceIdOf(this.responseHeaders),
      tokens: usage === undefined ? undefined : convertUsage(usage),
      rateLimits: rateLimitsOf(this.responseHeaders, Date.now()),
      error,
    });
  }

  /** A refusal, and a good answer that is no stream, as errors: openai-compatible would read either without a limit. */
  private async requireStream(response: Response, abortSignal: AbortSignal | null | undefined): Promise<Response> {
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
function warningDetails(warning: SharedV4Warning, body: KimiChatRequestBody): KimiLogDetails {
  const { type } = warning;
  const { feature, setting, details, message } = warning as Partial<Record<string, string>>;
  return { type, ...hideSecrets({ feature, setting, details, message }, { prompts: body.messages }) };
}

/** Of one event, or of a whole answer. */
function logprobsOf(body: unknown): readonly unknown[] {
  const { choices } = (body ?? {}) as { choices?: Array<{ logprobs?: { content?: unknown } | null }> };
  const content = Array.isArray(choices) ? choices[0]?.logprobs?.content : undefined;
  return Array.isArray(content) ? content : [];
}
