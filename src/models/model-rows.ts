import type { KimiService } from '../upstream';

/** List prices in USD per million tokens. On a plan nothing of it is charged. */
export type ModelPrice = Readonly<{ input: number; output: number; cachedInput: number }>;

/** What is known of one model without asking the server. */
export type ModelRow = Readonly<{
  id: string;
  displayName: string;
  /** In tokens, prompt and answer together. */
  contextWindow: number;
  /** `only` always thinks, `both` can be switched, `no` never does. */
  thinking: 'only' | 'both' | 'no';
  efforts?: readonly string[];
  defaultEffort?: string;
  image: boolean;
  video: boolean;
  /** Tools may be added in mid-conversation (docs/wire.md#dynamic-tools). */
  dynamicTools?: true;
  /** `fixed`: changed sampling settings are refused (docs/wire.md#fixed-sampling). */
  sampling: 'fixed' | 'free';
  price?: ModelPrice;
  /** Where it is known from, and the day it was read. */
  source: string;
  date: string;
}>;

const K3_EFFORTS = ['low', 'high', 'max'] as const;
const VISION = { image: true, video: true, sampling: 'fixed' } as const;
const TEXT_ONLY = { image: false, video: false, sampling: 'free' } as const;

/**
 * The models of a Kimi Code plan. Where an id stands twice, the newer shape stands first; the older one counts where
 * the account lists the id with its window.
 */
export const CODING_MODELS = [
  {
    id: 'kimi-for-coding',
    displayName: 'Kimi for Coding (K2.8)',
    contextWindow: 1_048_576,
    thinking: 'both',
    efforts: K3_EFFORTS,
    defaultEffort: 'max',
    ...VISION,
    price: { input: 0.95, output: 4, cachedInput: 0.19 },
    source: 'docs/wire.md#kimi-for-coding-since-september, #list-prices',
    date: '2026-11-25',
  },
  {
    id: 'kimi-for-coding',
    displayName: 'Kimi for Coding',
    contextWindow: 262_144,
    thinking: 'both',
    ...VISION,
    source: 'docs/wire.md#known-models; thinking by docs/decisions.md#29-no-effort-list',
    date: '2026-11-21',
  },
  {
    id: 'kimi-for-coding-highspeed',
    displayName: 'Kimi for Coding, high speed',
    contextWindow: 262_144,
    thinking: 'both',
    ...VISION,
    price: { input: 1.9, output: 8, cachedInput: 0.38 },
    source: 'docs/wire.md#known-models, #list-prices',
    date: '2026-11-25',
  },
  {
    id: 'k3.1-pro',
    displayName: 'Kimi K3.1 Pro',
    contextWindow: 1_048_576,
    thinking: 'only',
    efforts: K3_EFFORTS,
    defaultEffort: 'max',
    ...VISION,
    price: { input: 2, output: 10, cachedInput: 0.2 },
    source: 'docs/wire.md#k31-and-later, #list-prices',
    date: '2026-11-25',
  },
  {
    id: 'k3.1-pro-highspeed',
    displayName: 'Kimi K3.1 Pro, high speed',
    contextWindow: 1_048_576,
    thinking: 'only',
    efforts: K3_EFFORTS,
    defaultEffort: 'max',
    ...VISION,
    price: { input: 4, output: 20, cachedInput: 0.2 },
    source: 'docs/wire.md#k31-and-later, #list-prices',
    date: '2026-11-25',
  },
  {
    id: 'k3',
    displayName: 'Kimi K3',
    contextWindow: 1_048_576,
    thinking: 'only',
    efforts: K3_EFFORTS,
    defaultEffort: 'max',
    ...VISION,
    price: { input: 3, output: 15, cachedInput: 0.3 },
    source: 'docs/wire.md#known-models, #effort-lists, #list-prices',
    date: '2026-11-25',
  },
  {
    id: 'k3-256k',
    displayName: 'Kimi K3, 256k',
    contextWindow: 262_144,
    thinking: 'only',
    efforts: K3_EFFORTS,
    defaultEffort: 'high',
    ...VISION,
    video: false,
    price: { input: 3, output: 15, cachedInput: 0.3 },
    source: 'docs/wire.md#known-models, #list-prices',
    date: '2026-11-25',
  },
] as const satisfies readonly ModelRow[];

/** The models of the Moonshot platform. */
export const PLATFORM_MODELS = [
  {
    id: 'kimi-k3.1-pro',
    displayName: 'Kimi K3.1 Pro',
    contextWindow: 1_048_576,
    thinking: 'only',
    efforts: K3_EFFORTS,
    defaultEffort: 'max',
    ...VISION,
    dynamicTools: true,
    price: { input: 2, output: 10, cachedInput: 0.2 },
    source: 'docs/wire.md#k31-and-later, #list-prices',
    date: '2026-11-25',
  },
  {
    id: 'kimi-k3.1-pro-highspeed',
    displayName: 'Kimi K3.1 Pro, high speed',
    contextWindow: 1_048_576,
    thinking: 'only',
    efforts: K3_EFFORTS,
    defaultEffort: 'max',
    ...VISION,
    dynamicTools: true,
    price: { input: 4, output: 20, cachedInput: 0.2 },
    source: 'docs/wire.md#k31-and-later, #list-prices',
    date: '2026-11-25',
  },
  {
    id: 'kimi-k3',
    displayName: 'Kimi K3',
    contextWindow: 1_048_576,
    thinking: 'only',
    efforts: K3_EFFORTS,
    defaultEffort: 'max',
    ...VISION,
    dynamicTools: true,
    price: { input: 3, output: 15, cachedInput: 0.3 },
    source: 'docs/wire.md#known-models, #dynamic-tools, #list-prices',
    date: '2026-11-25',
  },
  {
    id: 'kimi-k2.7-code',
    displayName: 'Kimi K2.7 Code',
    contextWindow: 262_144,
    thinking: 'only',
    ...VISION,
    price: { input: 0.95, output: 4, cachedInput: 0.19 },
    source: 'docs/wire.md#known-models, #always-thinking-models, #list-prices',
    date: '2026-11-25',
  },
  {
    id: 'kimi-k2.7-code-highspeed',
    displayName: 'Kimi K2.7 Code, high speed',
    contextWindow: 262_144,
    thinking: 'only',
    ...VISION,
    price: { input: 1.9, output: 8, cachedInput: 0.38 },
    source: 'docs/wire.md#known-models, #always-thinking-models, #list-prices',
    date: '2026-11-25',
  },
  {
    id: 'kimi-k2.6',
    displayName: 'Kimi K2.6',
    contextWindow: 262_144,
    thinking: 'both',
    ...VISION,
    price: { input: 0.95, output: 4, cachedInput: 0.16 },
    source: 'docs/wire.md#known-models, #list-prices',
    date: '2026-11-25',
  },
  {
    id: 'kimi-k2.5',
    displayName: 'Kimi K2.5',
    contextWindow: 262_144,
    thinking: 'both',
    ...VISION,
    source: 'docs/wire.md#known-models',
    date: '2026-11-21',
  },
  {
    id: 'kimi-k2-thinking',
    displayName: 'Kimi K2 Thinking',
    contextWindow: 262_144,
    thinking: 'only',
    ...TEXT_ONLY,
    source: 'docs/wire.md#known-models',
    date: '2026-11-21',
  },
  {
    id: 'kimi-k2-turbo-preview',
    displayName: 'Kimi K2 Turbo (preview)',
    contextWindow: 262_144,
    thinking: 'no',
    ...TEXT_ONLY,
    source: 'docs/wire.md#known-models',
    date: '2026-11-21',
  },
] as const satisfies readonly ModelRow[];

/** Of a Kimi Code subscription or key. */
export type CodingModelId = (typeof CODING_MODELS)[number]['id'];

/** Of a Moonshot platform key. */
export type PlatformModelId = (typeof PLATFORM_MODELS)[number]['id'];

/** The bundled rows, newest shape of an id first. For offline and first use; the server's `/models` wins. */
export const MODEL_ROWS: Readonly<Record<KimiService, readonly ModelRow[]>> = {
  coding: CODING_MODELS,
  platform: PLATFORM_MODELS,
};
