import type { LanguageModelV4 } from '@ai-sdk/provider';

/** What a face needs of the engine behind it. */
export type V4Engine = Pick<LanguageModelV4, 'provider' | 'modelId' | 'supportedUrls' | 'doGenerate' | 'doStream'>;
