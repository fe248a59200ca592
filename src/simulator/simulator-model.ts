import type { KimiService } from '../upstream';

/**
 * An entry of `GET /models` as it goes on the wire (docs/wire.md#model-list), and below `behaviour` what the server
 * knows of it besides.
 */
export type SimulatorModel = {
  id: string;
  display_name?: string;
  /** Tokens, prompt and answer together. */
  context_length: number;
  supports_reasoning?: boolean;
  /** `only`: always thinks; `both`: can be switched; `no`: never. */
  supports_thinking_type?: 'only' | 'both' | 'no';
  supports_image_in?: boolean;
  supports_video_in?: boolean;
  supports_tool_use?: boolean;
  supports_dynamic_tools?: boolean;
  think_efforts?: { support: boolean; valid_efforts: string[]; default_effort: string };
  protocol?: 'anthropic' | 'response' | null;
  behaviour?: {
    /** `fixed`: changed sampling settings are refused (docs/wire.md#fixed-sampling). Default `fixed`. */
    sampling?: 'fixed' | 'free';
    /**
     * Whether `reasoning_content: ""` counts as missing (earendil-works/pi#4178: K2.6 on the platform). Default
     * `accepted`.
     */
    emptyReasoning?: 'accepted' | 'missing';
  };
};

/** What each service lists. */
export type SimulatorModels = Record<KimiService, SimulatorModel[]>;

/**
 * What accounts list: `k2.8` is today's (docs/wire.md#kimi-for-coding-since-september, #k31-and-later), the others are
 * those that still exist or existed, by the model behind `kimi-for-coding` (docs/wire.md#known-models). `messages` is
 * today's with K3.1 served by the Anthropic wire alone; which models are is not known (docs/wire.md#model-protocol).
 */
export type SimulatorAccount = 'k2.8' | 'k2.7' | 'k2.5' | 'k3' | 'messages';

/** The models of each kind of account. A fresh copy at each call. */
export const accounts: Readonly<Record<SimulatorAccount, () => SimulatorModels>> = {
  messages: () => {
    const { coding, platform } = accounts['k2.8']();
    const onMessages = (entry: SimulatorModel): SimulatorModel =>
      entry.id.startsWith('k3.1-') ? { ...entry, protocol: 'anthropic' } : entry;
    return { coding: coding.map(onMessages), platform };
  },
  'k2.8': () => ({
    coding: [
      model('kimi-for-coding', 1_048_576, { think_efforts: efforts('max') }),
      model('kimi-for-coding-highspeed', 262_144),
      model('k3.1-pro', 1_048_576, K3),
      model('k3.1-pro-highspeed', 1_048_576, K3),
      ...k3Models(),
    ],
    platform: [model('kimi-k3.1-pro', 1_048_576, K3), ...platformModels()],
  }),
  'k2.7': () => ({
    coding: [model('kimi-for-coding', 262_144), model('kimi-for-coding-highspeed', 262_144), ...k3Models()],
    platform: platformModels(),
  }),
  // One slug of its own, under which `kimi-for-coding` has to be sent (docs/wire.md#choice-of-slug).
  'k2.5': () => ({ coding: [model('k2p5', 262_144)], platform: platformModels().slice(2) }),
  k3: () => ({ coding: k3Models(), platform: platformModels().slice(0, 1) }),
};

/** The entry without what the wire does not show. */
export function toWireModel({ behaviour: _behaviour, ...entry }: SimulatorModel): Record<string, unknown> {
  return { object: 'model', owned_by: 'moonshot', ...entry };
}

const TEXT_ONLY = { supports_image_in: false, supports_video_in: false } as const;

const K3: Partial<SimulatorModel> = { supports_thinking_type: 'only', think_efforts: efforts('max') };

function model(id: string, contextLength: number, rest: Partial<SimulatorModel> = {}): SimulatorModel {
  const thinking = rest.supports_thinking_type ?? 'both';
  return {
    id,
    display_name: id,
    context_length: contextLength,
    supports_reasoning: thinking !== 'no',
    supports_thinking_type: thinking,
    supports_image_in: true,
    supports_video_in: true,
    supports_tool_use: true,
    protocol: null,
    ...rest,
  };
}

function efforts(defaultEffort: string): NonNullable<SimulatorModel['think_efforts']> {
  return { support: true, valid_efforts: ['low', 'high', 'max'], default_effort: defaultEffort };
}

function k3Models(): SimulatorModel[] {
  return [
    model('k3', 1_048_576, K3),
    model('k3-256k', 262_144, {
      supports_thinking_type: 'only',
      think_efforts: efforts('high'),
      supports_video_in: false,
    }),
  ];
}

function platformModels(): SimulatorModel[] {
  return [
    model('kimi-k3', 1_048_576, K3),
    model('kimi-k2.7-code', 262_144, { supports_thinking_type: 'only', behaviour: { emptyReasoning: 'missing' } }),
    model('kimi-k2.6', 262_144, { behaviour: { emptyReasoning: 'missing' } }),
    model('kimi-k2.5', 262_144, { behaviour: { emptyReasoning: 'missing' } }),
    model('kimi-k2-turbo-preview', 262_144, {
      supports_thinking_type: 'no',
      ...TEXT_ONLY,
      behaviour: { sampling: 'free' },
    }),
    model('kimi-k2-thinking', 262_144, {
      supports_thinking_type: 'only',
      ...TEXT_ONLY,
      behaviour: { sampling: 'free', emptyReasoning: 'missing' },
    }),
  ];
}
