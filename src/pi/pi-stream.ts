/** An answer of the engine as pi's event stream. */
import type { LanguageModelV4StreamPart, LanguageModelV4Usage, SharedV4ProviderMetadata } from '@ai-sdk/provider';
import { failureText } from './pi-failure';
import type { PiAI, PiAssistantMessage, PiEventStream, PiModel, PiThinking, PiText, PiToolCall } from './pi-api';

type Part = LanguageModelV4StreamPart;

/** Blocks of the message that are still written, by the engine's id of them. */
type Open = { index: number; block: PiText | PiThinking | PiToolCall; json: string };

/** pi's message for one answer, and the events that tell how it grows. */
export class PiAnswer {
  readonly stream: PiEventStream;
  private readonly message: PiAssistantMessage;
  private readonly model: PiModel;
  private readonly piAI: PiAI;
  private readonly open = new Map<string, Open>();

  constructor({ model, piAI, now, level }: { model: PiModel; piAI: PiAI; now: number; level: string | undefined }) {
    this.piAI = piAI;
    this.model = model;
    this.stream = piAI.createAssistantMessageEventStream();
    this.message = {
      role: 'assistant',
      content: [],
      api: model.api,
      provider: model.provider,
      model: model.id,
      ...(level === undefined ? {} : { providerThinkingLevel: level }),
      usage: {
        input: 0,
        output: 0,
        cacheRead: 0,
        cacheWrite: 0,
        totalTokens: 0,
        cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, total: 0 },
      },
      stopReason: 'pending',
      timestamp: now,
    };
  }

  /** The request was taken. */
  start(): void {
    this.stream.push({ type: 'start', partial: this.message });
  }

  /** @returns whether the answer is at its end */
  take(part: Part): boolean {
    switch (part.type) {
      case 'response-metadata':
        this.identify(part.id, part.modelId);
        break;
      case 'reasoning-start':
        this.begin(part.id, { type: 'thinking', thinking: '' }, 'thinking_start');
        this.sign(part.id, part.providerMetadata);
        break;
      case 'text-start':
        this.begin(part.id, { type: 'text', text: '' }, 'text_start');
        break;
      case 'tool-input-start':
        this.begin(part.id, { type: 'toolCall', id: part.id, name: part.toolName, arguments: {} }, 'toolcall_start');
        break;
      case 'reasoning-delta':
        this.sign(part.id, part.providerMetadata);
        this.grow(part.id, part.delta);
        break;
      case 'text-delta':
      case 'tool-input-delta':
        this.grow(part.id, part.delta);
        break;
      case 'reasoning-end':
        this.sign(part.id, part.providerMetadata);
        this.finishText(part.id);
        break;
      case 'text-end':
        this.finishText(part.id);
        break;
      case 'tool-call':
        this.finishCall(part.toolCallId, part.toolName, part.input);
        break;
      case 'finish':
        this.finish(part);
        return true;
      case 'error':
        throw part.error;
      default:
    }
    return false;
  }

  /** Ends with the error, in words by which pi decides what to do. */
  fail(error: unknown, isAborted: boolean): void {
    const reason = isAborted ? 'aborted' : 'error';
    this.message.stopReason = reason;
    this.message.errorMessage = isAborted ? 'Request was aborted' : failureText(error);
    this.stream.push({ type: 'error', reason, error: this.message });
    this.stream.end();
  }

  private identify(id: string | undefined, modelId: string | undefined): void {
    if (id !== undefined) {
      this.message.responseId = id;
    }
    if (modelId !== undefined && modelId !== this.model.id) {
      this.message.responseModel = modelId;
    }
  }

  private begin(id: string, block: Open['block'], type: 'text_start' | 'thinking_start' | 'toolcall_start'): Open {
    const opened = { index: this.message.content.length, block, json: '' };
    this.message.content.push(block);
    this.open.set(keyOf(block.type, id), opened);
    this.stream.push({ type, contentIndex: opened.index, partial: this.message });
    return opened;
  }

  /** What must come back with this reasoning, such as a signature, stands where pi keeps such things. */
  private sign(id: string, metadata: SharedV4ProviderMetadata | undefined): void {
    const block = this.openBlock(id)?.block;
    if (block?.type === 'thinking' && metadata !== undefined) {
      block.thinkingSignature = JSON.stringify(metadata);
    }
  }

  private grow(id: string, delta: string): void {
    if (delta === '') {
      return;
    }
    const opened = this.openBlock(id);
    if (opened === undefined) {
      return;
    }
    const { block, index } = opened;
    const at = { contentIndex: index, delta, partial: this.message };
    switch (block.type) {
      case 'text':
        block.text += delta;
        this.stream.push({ type: 'text_delta', ...at });
        break;
      case 'thinking':
        block.thinking += delta;
        this.stream.push({ type: 'thinking_delta', ...at });
        break;
      default:
        opened.json += delta;
        block.arguments = this.piAI.parseStreamingJson(opened.json);
        this.stream.push({ type: 'toolcall_delta', ...at });
    }
  }

  private finishText(id: string): void {
    const opened = this.openBlock(id);
    if (opened === undefined || opened.block.type === 'toolCall') {
      return;
    }
    const { block, index } = opened;
    this.open.delete(keyOf(block.type, id));
    const at = { contentIndex: index, partial: this.message };
    this.stream.push(
      block.type === 'text'
        ? { type: 'text_end', content: block.text, ...at }
        : { type: 'thinking_end', content: block.thinking, ...at },
    );
  }

  /** `input` is the whole of the arguments; a call that came at once was not begun before. */
  private finishCall(id: string, name: string, input: string): void {
    const key = keyOf('toolCall', id);
    const opened =
      this.open.get(key) ?? this.begin(id, { type: 'toolCall', id, name, arguments: {} }, 'toolcall_start');
    this.open.delete(key);
    const call = opened.block as PiToolCall;
    const parsed = argumentsOf(input);
    call.arguments = parsed ?? {};
    if (parsed === undefined) {
      call.argumentsError = `The arguments are not a JSON object: ${input}`;
    }
    this.stream.push({ type: 'toolcall_end', contentIndex: opened.index, toolCall: call, partial: this.message });
  }

  private finish({ finishReason, usage }: Extract<Part, { type: 'finish' }>): void {
    const { message } = this;
    this.count(usage);
    if (finishReason.raw !== undefined) {
      message.rawStopReason = finishReason.raw;
    }
    if (finishReason.unified === 'content-filter') {
      throw new Error("Kimi's content filter ended the answer (finish reason content_filter).");
    }
    const reason =
      finishReason.unified === 'length' ? 'length' : finishReason.unified === 'tool-calls' ? 'toolUse' : 'stop';
    message.stopReason = reason;
    this.stream.push({ type: 'done', reason, message });
    this.stream.end();
  }

  private count({ inputTokens, outputTokens }: LanguageModelV4Usage): void {
    const { usage } = this.message;
    usage.cacheRead = inputTokens.cacheRead ?? 0;
    usage.input = inputTokens.noCache ?? Math.max(0, (inputTokens.total ?? 0) - usage.cacheRead);
    usage.output = outputTokens.total ?? 0;
    if (outputTokens.reasoning !== undefined) {
      usage.reasoning = outputTokens.reasoning;
    }
    usage.totalTokens = usage.input + usage.cacheRead + usage.output;
    this.piAI.calculateCost(this.model, usage);
  }

  /** Ids of text, reasoning and calls may be the same. The one that was begun last is the one that grows. */
  private openBlock(id: string): Open | undefined {
    return [...this.open.entries()].findLast(([key]) => key.slice(key.indexOf(':') + 1) === id)?.[1];
  }
}

function keyOf(type: Open['block']['type'], id: string): string {
  return `${type}:${id}`;
}

function argumentsOf(input: string): Record<string, unknown> | undefined {
  if (input.trim() === '') {
    return {};
  }
  try {
    const value: unknown = JSON.parse(input);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
