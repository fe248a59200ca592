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

export type SimulatorModels = Record<KimiService, SimulatorModel[]>;

/** The models of the live service as far as they are known (docs/wire.md#known-models). A fresh copy at each call. */
export function defaultSimulatorModels(): SimulatorModels {
  return {
    coding: [
      model('kimi-for-coding', 262_144),
      model('kimi-for-coding-highspeed', 262_144),
      model('k3', 1_048_576, { supports_thinking_type: 'only', think_efforts: k3Efforts('max') }),
      model('k3-256k', 262_144, {
        supports_thinking_type: 'only',
        think_efforts: k3Efforts('high'),
        supports_video_in: false,
      }),
    ],
    platform: [
      model('kimi-k3', 1_048_576, { supports_thinking_type: 'only', think_efforts: k3Efforts('max') }),
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
    ],
  };
}

/** The entry without what the wire does not show. */
export function toWireModel({ behaviour: _behaviour, ...entry }: SimulatorModel): Record<string, unknown> {
  return { object: 'model', owned_by: 'moonshot', ...entry };
}

const TEXT_ONLY = { supports_image_in: false, supports_video_in: false } as const;

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

function k3Efforts(defaultEffort: string): NonNullable<SimulatorModel['think_efforts']> {
  return { support: true, valid_efforts: ['low', 'high', 'max'], default_effort: defaultEffort };
}
