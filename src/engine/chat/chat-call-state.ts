import { isErrorBody } from '../../api/error-body';
import { createChatStreamFetch } from '../../stream/chat/chat-stream-fetch';
import type { ServerChunks } from '../../stream/server-chunks';
import type { KimiLimits } from '../../transport/limits';
import type { KimiCall } from '../call';
import { CallState } from '../call-state';
import type { CallTarget } from '../call-target';
import type { KimiProviderMetadata } from '../metadata';
import { bodyTools, type KimiChatRequestBody } from '../request/body';
import { isUnreadable, setEventError, type BoundConfig } from './openai-compatible';
import { convertUsage, findUsage } from './usage';

/** A call on chat completions, and the configuration that finds out what is to be known while openai-compatible makes it. */
export class ChatCallState extends CallState {
  private readonly logprobs: unknown[] = [];

  constructor(target: CallTarget, call: KimiCall, limits: KimiLimits, answer: 'stream' | 'whole') {
    super(target, call, limits, answer, {
      name: 'chat',
      url: `${target.apiBaseURL}/chat/completions`,
      toolNamesOf: body =>
        body.tool_choice === 'none' ? [] : bodyTools(body as KimiChatRequestBody).map(tool => tool.function.name),
      convertUsage,
    });
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
          onBroken: cause => this.noteBroken(cause),
        }),
      }),
      // Called in a stream's flush. A whole answer's usage is read from its body (docs/decisions.md#6-one-engine).
      convertUsage: () => this.usageSoFar(),
      metadataExtractor: {
        extractMetadata: async () => undefined,
        createStreamExtractor: () => ({
          processChunk: event => this.observe(event),
          buildMetadata: () => {
            this.tellUsage();
            return { kimi: this.metadata() };
          },
        }),
      },
    };
  }

  /** All of an answer that is no stream. */
  noteAnswer(body: unknown): void {
    this.note({ usage: findUsage(body), model: (body as { model?: unknown } | null)?.model });
    this.noteLogprobs(body);
  }

  override metadata(): KimiProviderMetadata {
    return super.metadata(this.logprobs);
  }

  /** Only what was asked for: a server may send them anyway. */
  private get keepsLogprobs(): boolean {
    return (this.requestBodyValues as { logprobs?: unknown }).logprobs === true;
  }

  private observe(event: unknown): void {
    if (isErrorBody(event) || isUnreadable(event)) {
      setEventError(event, this.eventError(event));
      return;
    }
    this.note({ usage: findUsage(event), model: (event as { model?: unknown } | null)?.model });
    this.noteLogprobs(event);
  }

  private noteLogprobs(body: unknown): void {
    if (this.keepsLogprobs) {
      // One by one: more than a hundred thousand arguments overflow the stack.
      logprobsOf(body).forEach(entry => this.logprobs.push(entry));
    }
  }
}

/** Of one event, or of a whole answer. */
function logprobsOf(body: unknown): readonly unknown[] {
  const { choices } = (body ?? {}) as { choices?: Array<{ logprobs?: { content?: unknown } | null }> };
  const content = Array.isArray(choices) ? choices[0]?.logprobs?.content : undefined;
  return Array.isArray(content) ? content : [];
}
