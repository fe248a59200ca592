/**
 * What this package uses of pi 1.5.2, and no more (docs/wire.md#pi-providers). Types of our own: pi is there only where
 * pi loads us.
 */

export type PiText = { type: 'text'; text: string };
/** `thinkingSignature`: what the provider wants back with it, in its own form. */
export type PiThinking = { type: 'thinking'; thinking: string; thinkingSignature?: string; redacted?: boolean };
export type PiImage = { type: 'image'; data: string; mimeType: string };
export type PiToolCall = {
  type: 'toolCall';
  id: string;
  name: string;
  arguments: Record<string, unknown>;
  argumentsError?: string;
};
export type PiTool = { name: string; description: string; parameters: object };

export type PiSystemMessage = {
  role: 'system';
  content: string | PiText[];
  sections?: Record<string, string | null>;
  toolsAdded?: PiTool[];
  toolsRemoved?: Array<{ name: string }>;
};
export type PiUserMessage = { role: 'user'; content: string | Array<PiText | PiImage> };
export type PiToolResult = {
  role: 'toolResult';
  toolCallId: string;
  toolName: string;
  content: Array<PiText | PiImage>;
  isError: boolean;
};

export type PiUsage = {
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite: number;
  reasoning?: number;
  totalTokens: number;
  cost: { input: number; output: number; cacheRead: number; cacheWrite: number; total: number };
};

export type PiStopReason = 'pending' | 'stop' | 'length' | 'toolUse' | 'error' | 'aborted';

export type PiAssistantMessage = {
  role: 'assistant';
  content: Array<PiText | PiThinking | PiToolCall>;
  api: string;
  provider: string;
  model: string;
  responseModel?: string;
  responseId?: string;
  providerThinkingLevel?: string;
  usage: PiUsage;
  stopReason: PiStopReason;
  errorMessage?: string;
  rawStopReason?: string;
  timestamp: number;
};

export type PiMessage = PiSystemMessage | PiUserMessage | PiAssistantMessage | PiToolResult;

/** pi's levels, the least first. */
export const PI_LEVELS = ['off', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;
export type PiLevel = (typeof PI_LEVELS)[number];

export type PiModel = {
  type?: 'chat';
  id: string;
  name: string;
  api: string;
  provider: string;
  baseUrl: string;
  input: Array<'text' | 'image'>;
  inputLimits?: object;
  cost: { input: number; output: number; cacheRead: number; cacheWrite: number };
  reasoning: boolean;
  /** `null`: the model has no such level; pi goes to the next one above, else below. */
  thinkingLevelMap?: Partial<Record<PiLevel, string | null>>;
  contextWindow: number;
  maxTokens: number;
};

type Hook<Value> = (value: Value, model: PiModel) => unknown;

export type PiStreamOptions = {
  signal?: AbortSignal;
  apiKey?: string;
  /** Of the credential. */
  env?: Record<string, string>;
  fetch?: typeof fetch;
  headers?: Record<string, string | null>;
  onPayload?: Hook<unknown>;
  onResponse?: Hook<{ status: number; headers: Record<string, string> }>;
  onProviderStreamEvent?: Hook<unknown>;
  temperature?: number;
  maxTokens?: number;
  cacheRetention?: 'none' | 'short' | 'long';
  sessionId?: string;
  toolChoice?: 'auto' | 'none';
  /** Absent where thinking is off. */
  reasoning?: Exclude<PiLevel, 'off'>;
};

type InContent = { contentIndex: number; partial: PiAssistantMessage };

export type PiEvent =
  | { type: 'start'; partial: PiAssistantMessage }
  | ({ type: 'text_start' | 'thinking_start' | 'toolcall_start' } & InContent)
  | ({ type: 'text_delta' | 'thinking_delta' | 'toolcall_delta'; delta: string } & InContent)
  | ({ type: 'text_end' | 'thinking_end'; content: string } & InContent)
  | ({ type: 'toolcall_end'; toolCall: PiToolCall } & InContent)
  | { type: 'done'; reason: 'stop' | 'length' | 'toolUse'; message: PiAssistantMessage }
  | { type: 'error'; reason: 'aborted' | 'error'; error: PiAssistantMessage };

/** Takes events until `done` or `error`; then its result is there. */
export type PiEventStream = AsyncIterable<PiEvent> & {
  push(event: PiEvent): void;
  end(): void;
  result(): Promise<PiAssistantMessage>;
};

/** The part of `@earendil-works/pi-ai` that pi hands to extensions and we use. */
export type PiAI = {
  createAssistantMessageEventStream(): PiEventStream;
  getCurrentTools(messages: readonly PiMessage[]): PiTool[];
  getSystemMessageText(message: PiSystemMessage): string;
  renderSystemMessageUpdate(message: PiSystemMessage): string;
  parseStreamingJson(text: string): Record<string, unknown>;
  calculateCost(model: PiModel, usage: PiUsage): unknown;
};

/** `env`: variables that count for this provider alone. */
export type PiApiKey = { type: 'api_key'; key?: string; env?: Record<string, string> };
export type PiOAuth = { type: 'oauth'; access: string; refresh: string; expires: number };
export type PiCredential = PiApiKey | PiOAuth;

export type PiInteraction = {
  signal: AbortSignal;
  prompt(
    prompt:
      | { type: 'secret'; message: string }
      | { type: 'select'; message: string; options: ReadonlyArray<{ id: string; label: string }> },
  ): Promise<string>;
  notify(
    event:
      | {
          type: 'device_code';
          userCode: string;
          verificationUri: string;
          intervalSeconds: number;
          expiresInSeconds: number;
        }
      | { type: 'progress' | 'info'; message: string },
  ): void;
};

export type PiModelAuth = { apiKey?: string };
type Source = { auth: PiModelAuth; env?: Record<string, string>; source?: string };

export type PiAuth = {
  apiKey: {
    name: string;
    login(interaction: PiInteraction): Promise<PiApiKey>;
    check(input: { credential?: PiApiKey }): Promise<{ type: 'api_key' | 'oauth'; source: string } | undefined>;
    resolve(input: { credential?: PiApiKey }): Promise<Source | undefined>;
  };
  oauth: {
    name: string;
    isSubscription: boolean;
    loginLabel: string;
    login(interaction: PiInteraction): Promise<PiOAuth>;
    refresh(credential: PiOAuth, signal: AbortSignal): Promise<PiOAuth>;
    toAuth(credential: PiOAuth): Promise<PiModelAuth>;
  };
};

export type PiRefreshContext = {
  credential?: PiCredential;
  stored?: { models: readonly PiModel[] };
  publish(publication: { persist?: { models: PiModel[]; checkedAt: number }; update?: () => void }): Promise<boolean>;
  allowNetwork: boolean;
  signal: AbortSignal;
};

export type PiProvider = {
  id: string;
  name: string;
  baseUrl: string;
  auth: PiAuth;
  getModels(): readonly PiModel[];
  refreshModels(context: PiRefreshContext): Promise<void>;
  stream(model: PiModel, context: { messages: PiMessage[] }, options?: PiStreamOptions): PiEventStream;
  streamSimple(model: PiModel, context: { messages: PiMessage[] }, options?: PiStreamOptions): PiEventStream;
};

export type PiContext = {
  /** False where nobody can be shown anything: `pi -p`. */
  hasUI: boolean;
  ui: { notify(message: string, type?: 'info' | 'warning' | 'error'): void };
  /** One of the provider `unknown` where none is chosen. */
  model: PiModel | undefined;
};

/** What pi calls an extension with. */
export type PiExtensionAPI = {
  registerProvider(provider: PiProvider): void;
  registerCommand(
    name: string,
    command: { description: string; handler: (args: string, context: PiContext) => Promise<void> },
  ): void;
  /** False without a credential for it. */
  setModel(model: PiModel): Promise<boolean>;
  on(event: 'session_start', handler: (event: unknown, context: PiContext) => unknown): void;
};
