import type { KimiProvider, ModelInfo } from 'ai-sdk-provider-kimi/v4';

export type ModelChoice = { id: string; name: string; efforts: string[] };

/** What the page offers while the account cannot be asked. */
export const FALLBACK_MODELS: ModelChoice[] = [
  { id: 'kimi-for-coding', name: 'kimi-for-coding', efforts: ['auto', 'off', 'low', 'medium', 'high'] },
];

/** The account's models, in the server's order, each with the efforts that it has. */
export async function modelChoices(kimi: KimiProvider): Promise<ModelChoice[]> {
  const models = await kimi.models();
  return models
    .filter(model => model.protocol === 'openai')
    .map(model => ({ id: model.id, name: model.displayName ?? model.id, efforts: effortsOf(model) }));
}

function effortsOf({ thinking, efforts }: ModelInfo): string[] {
  const off = thinking === 'both' ? ['off'] : [];
  if (efforts) {
    return ['auto', ...off, ...efforts];
  }
  return thinking === 'no' ? ['auto'] : ['auto', ...off, 'low', 'medium', 'high'];
}
