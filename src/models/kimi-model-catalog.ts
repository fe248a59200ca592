import type { ModelCapabilities, ModelCapability, ModelEntry } from '@ai-sdk/provider';
import {
  CODING_MODELS,
  PLATFORM_MODELS,
  type CodingModelId,
  type ModelPrice,
  type ModelRow,
  type PlatformModelId,
} from './model-rows';
import type { KimiService } from '../upstream';

type Language = NonNullable<ModelCapabilities['language']>;

/** What Kimi's models have besides what every catalog of the AI SDK says. */
type KimiLanguageCapabilities = Language & {
  inputs: Language['inputs'] & { video: ModelCapability };
  tools: Language['tools'] & {
    /** A forced tool choice. */
    forcedChoice: ModelCapability;
    /** Tools that are added in mid-conversation. */
    dynamic: ModelCapability;
  };
  reasoning: Language['reasoning'] & { canDisable: boolean; defaultEffort?: string };
};

/** One model in the shape of the AI SDK's own catalogs (`ModelEntry` of `@ai-sdk/provider` 4). */
export type KimiModelEntry = ModelEntry<{ language: { contextWindow: number } }> & {
  readonly displayName: string;
  readonly capabilities: { readonly language: KimiLanguageCapabilities };
  /** List price in USD per million tokens; on a plan nothing of it is charged. */
  readonly price?: ModelPrice;
  /** The day it was read. */
  readonly date: string;
};

/**
 * What is known of Kimi's models without asking: by service, because a plan and the platform serve different ids. It
 * declares, and changes no request; an account's own list says more (`provider.models`), and wins.
 */
export const kimiModelCatalog: Readonly<{
  coding: Readonly<Record<CodingModelId, KimiModelEntry>>;
  platform: Readonly<Record<PlatformModelId, KimiModelEntry>>;
}> = { coding: entriesOf(CODING_MODELS), platform: entriesOf(PLATFORM_MODELS) };

/** The newest shape of an id, which stands first, counts. */
function entriesOf<Id extends string>(rows: ReadonlyArray<ModelRow & { id: Id }>): Record<Id, KimiModelEntry> {
  return Object.fromEntries(rows.toReversed().map(row => [row.id, entryOf(row)])) as Record<Id, KimiModelEntry>;
}

function entryOf(row: ModelRow): KimiModelEntry {
  const { displayName, contextWindow, thinking, efforts, defaultEffort, price, date } = row;
  const isFree = row.sampling === 'free';
  return {
    displayName,
    capabilities: {
      language: {
        inputs: { image: row.image, audio: false, video: row.video },
        objectGeneration: true,
        tools: {
          usage: true,
          streaming: true,
          forcedChoice: thinking === 'no' ? true : { condition: forcedChoice(row) },
          dynamic: row.dynamicTools ?? false,
        },
        reasoning: {
          support: thinking !== 'no',
          canDisable: thinking === 'both',
          ...(efforts === undefined ? {} : { efforts }),
          ...(defaultEffort === undefined ? {} : { defaultEffort }),
        },
        sampling: { temperature: isFree, topP: isFree, logprobs: 'unknown' },
      },
    },
    requestConfig: { language: { contextWindow } },
    ...(price === undefined ? {} : { price }),
    date,
  };
}

/** What the rule `tool-choice` makes of it. */
function forcedChoice({ thinking, efforts }: ModelRow): string {
  return thinking === 'both'
    ? 'Thinking is turned off for the call.'
    : efforts === undefined
      ? 'Sent as "auto", a named tool alone.'
      : 'Sent as "required", a named tool alone.';
}

/** What a service charges for a model by its list, in USD per million tokens; a plan, for which nothing, has none. */
export function chargedPrice(id: string, service: KimiService): ModelPrice | undefined {
  const known: Readonly<Record<string, KimiModelEntry>> = kimiModelCatalog.platform;
  return service === 'platform' ? known[id]?.price : undefined;
}
