import * as ai7 from 'ai';
import * as ai5 from 'ai-v5';
import * as ai6 from 'ai-v6';
import type { LanguageModelV4 } from '@ai-sdk/provider';
import * as root from '../../src/index';
import type { KimiProviderSettings } from '../../src/index';
import * as v2 from '../../src/v2';
import * as v3 from '../../src/v3';
import * as v4 from '../../src/v4';

/** The part of the AI SDK that the tests use, in one type: the majors' own types are tested in test/types. */
export type AISDK = {
  streamText(options: object): {
    fullStream: AsyncIterable<StreamPart>;
    steps: PromiseLike<unknown[]>;
    text: PromiseLike<string>;
    reasoningText: PromiseLike<string | undefined>;
    totalUsage: PromiseLike<Usage>;
    usage: PromiseLike<Usage>;
    finishReason: PromiseLike<string>;
    warnings: PromiseLike<unknown[] | undefined>;
    response: PromiseLike<{ headers?: Record<string, string> }>;
  };
  generateText(options: object): Promise<{
    text: string;
    reasoningText: string | undefined;
    content: Array<{ type: string; text?: string; toolName?: string; toolCallId?: string; input?: unknown }>;
    steps: unknown[];
    usage: Usage;
    totalUsage: Usage;
    finishReason: string;
    warnings: Array<Record<string, unknown>> | undefined;
    response: { headers?: Record<string, string>; body?: unknown };
    /** ai@5 has the second name only. */
    output?: unknown;
    experimental_output?: unknown;
  }>;
  generateObject(options: object): Promise<{ object: unknown }>;
  streamObject(options: object): { partialObjectStream: AsyncIterable<unknown>; object: PromiseLike<unknown> };
  Output: { object(options: object): unknown };
  wrapLanguageModel(options: object): unknown;
  createProviderRegistry(providers: object): { languageModel(id: string): unknown };
  customProvider(options: object): { languageModel(id: string): unknown };
  tool(definition: object): object;
};

export type StreamPart = {
  type: string;
  text?: string;
  toolName?: string;
  toolCallId?: string;
  input?: unknown;
  output?: unknown;
  error?: unknown;
  rawValue?: unknown;
};

/** ai@5's flat words; ai@6 and 7 have them too, besides the details. */
export type Usage = {
  inputTokens?: number;
  outputTokens?: number;
  totalTokens?: number;
  reasoningTokens?: number;
  cachedInputTokens?: number;
  inputTokenDetails?: { cacheReadTokens?: number; noCacheTokens?: number };
  outputTokenDetails?: { reasoningTokens?: number; textTokens?: number };
};

export type Provider = ((id: string) => LanguageModelV4) & { languageModel(id: string): LanguageModelV4 };

export type Combination = {
  /** For example `ai@6 with V3`. */
  name: string;
  major: 5 | 6 | 7;
  specification: 'v2' | 'v3' | 'v4';
  /** The specification is the major's own, so that nothing is lost on the way. */
  native: boolean;
  ai: AISDK;
  createKimi(settings: KimiProviderSettings): Provider;
};

const AI = { 5: ai5, 6: ai6, 7: ai7 } as unknown as Record<5 | 6 | 7, AISDK>;
const CREATE_KIMI = { v2: v2.createKimi, v3: v3.createKimi, v4: v4.createKimi } as unknown as Record<
  'v2' | 'v3' | 'v4',
  Combination['createKimi']
>;

/** Every combination that works (docs/wire.md#accepted-model-versions). */
export const COMBINATIONS: Combination[] = (
  [
    [5, 'v2', true],
    [6, 'v2', false],
    [6, 'v3', true],
    [7, 'v2', false],
    [7, 'v3', true],
    [7, 'v4', true],
  ] as const
).map(([major, specification, native]) => ({
  name: `ai@${major} with ${specification.toUpperCase()}`,
  major,
  specification,
  native,
  ai: AI[major],
  createKimi: CREATE_KIMI[specification],
}));

/** The same on both wires. */
export const WIRED_COMBINATIONS = COMBINATIONS.flatMap(combination => [
  { ...combination, wire: 'chat' as const },
  { ...combination, wire: 'messages' as const },
]);

export const createRootKimi = root.createKimi as unknown as Combination['createKimi'];

/** Does nothing; an empty list would not wrap the model at all. */
export const MIDDLEWARE = [
  {
    middlewareVersion: 'v2',
    specificationVersion: 'v3',
    transformParams: async ({ params }: { params: unknown }) => params,
  },
];

/** Stops a tool loop after `count` steps, in the words of every major. */
export const steps = (count: number) => (state: { steps: unknown[] }) => state.steps.length >= count;

/** All parts of a stream, text and reasoning joined block by block, so that it does not matter how a delta was cut. */
export async function collect(stream: AsyncIterable<StreamPart>): Promise<StreamPart[]> {
  const parts: StreamPart[] = [];
  for await (const part of stream) {
    const last = parts.at(-1);
    if ((part.type === 'text-delta' || part.type === 'reasoning-delta') && last?.type === part.type) {
      last.text = `${last.text}${part.text}`;
    } else {
      parts.push({ ...part });
    }
  }
  return parts;
}

/** `collect`, reduced to what the model said: `['reasoning', '…'], ['text', '…'], ['tool-call', 'name', input]`. */
export async function said(stream: AsyncIterable<StreamPart>): Promise<unknown[][]> {
  return (await collect(stream)).flatMap(part => {
    switch (part.type) {
      case 'text-delta':
        return [['text', part.text]];
      case 'reasoning-delta':
        return [['reasoning', part.text]];
      case 'tool-call':
        return [['tool-call', part.toolName, part.input]];
      case 'error':
        return [['error', part.error]];
      default:
        return [];
    }
  });
}
