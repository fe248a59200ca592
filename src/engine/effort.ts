import type { SharedV4Warning } from '@ai-sdk/provider';
import { KimiInvalidArgumentError } from '../errors/kimi-error';
import type { ModelInfo } from '../models/model-info';
import type { KimiService } from '../upstream';
import type { KimiCall } from './call';
import { REASONING_EFFORTS } from './options';

/**
 * The thinking fields of a chat request (docs/wire.md#thinking-field, docs/decisions.md#28-effort-words to
 * #29-no-effort-list).
 */
export type ThinkingFields = {
  thinking?: { type: 'enabled' | 'disabled'; effort?: string; keep?: 'all' };
  reasoning_effort?: 'low' | 'medium' | 'high';
};

/** Levels from least to most; the distance between two places decides what is nearest. */
const LADDER = ['low', 'medium', 'high', 'xhigh', 'max'] as const;

/**
 * For models without an effort list: what `reasoning_effort` may say (docs/decisions.md#28-effort-words); on the
 * platform nothing, see below.
 */
const GENERIC_LEVELS: Readonly<Record<string, 'low' | 'medium' | 'high'>> = {
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
  max: 'high',
};

/**
 * One table for `providerOptions.kimi.reasoningEffort` and AI SDK 7's `reasoning`, driven by what the model can do:
 *
 * | asked | list of efforts | no list | cannot think |
 * |---|---|---|---|
 * | `auto`, `provider-default`, nothing | nothing sent | nothing sent | nothing sent |
 * | `off`, `none` | `disabled`; an always-thinking model: its default, warning | same | nothing sent |
 * | `on` | `enabled` at the default effort | `enabled` | nothing sent, warning |
 * | a level | `enabled` at the nearest listed level, ties up, warning when changed | `enabled` and `reasoning_effort`, `xhigh`/`max` as `high` | nothing sent, warning |
 *
 * The platform refuses both fields together for models without a list ("cannot specify both 'thinking' and
 * 'reasoning_effort'", HKUDS/nanobot#3939): there a level switches thinking on, with a warning.
 *
 * @param effort the word asked for; `minimal` means `low`
 * @param options.argument the option it came from, for messages
 * @throws KimiInvalidArgumentError for a word that is neither in the table nor one of the model's levels
 */
export function mapReasoningEffort(
  effort: string | undefined,
  model: ModelInfo,
  { argument, service }: { argument: string; service: KimiService },
): { fields: ThinkingFields; warnings: SharedV4Warning[] } {
  const asked = effort === undefined || effort === 'provider-default' ? 'auto' : effort === 'minimal' ? 'low' : effort;
  const warnings: SharedV4Warning[] = [];

  if (!(REASONING_EFFORTS as readonly string[]).includes(asked) && !model.efforts?.includes(asked)) {
    const allowed = [...new Set([...REASONING_EFFORTS, ...(model.efforts ?? [])])];
    throw new KimiInvalidArgumentError({
      argument,
      message: `${argument} must be one of ${allowed.join(', ')}, not ${JSON.stringify(asked)}.`,
    });
  }
  if (asked === 'auto') {
    return { fields: {}, warnings };
  }
  const off = asked === 'off' || asked === 'none';

  if (model.thinking === 'no') {
    if (!off) {
      warnings.push({
        type: 'unsupported',
        feature: 'reasoning',
        details: `${model.id} does not think; the effort "${effort}" was ignored.`,
      });
    }
    return { fields: {}, warnings };
  }
  if (off && model.thinking === 'both') {
    return { fields: { thinking: { type: 'disabled' } }, warnings };
  }
  if (off) {
    warnings.push({
      type: 'unsupported',
      feature: 'reasoning',
      details: `${model.id} always thinks; "${effort}" was replaced by its default.`,
    });
  }
  if (model.efforts === undefined || model.efforts.length === 0) {
    return { fields: withoutList(off ? 'on' : asked, model, service, warnings), warnings };
  }
  const level = off || asked === 'on' ? defaultEffort(model) : nearestLevel(asked, model.efforts);
  if (!off && asked !== 'on' && level !== asked) {
    warnings.push({
      type: 'compatibility',
      feature: 'reasoning',
      details: `${model.id} has the efforts ${model.efforts.join(', ')}; "${effort}" was sent as "${level}".`,
    });
  }
  return { fields: { thinking: { type: 'enabled', ...(level === undefined ? {} : { effort: level }) } }, warnings };
}

function withoutList(
  asked: string,
  model: ModelInfo,
  service: KimiService,
  warnings: SharedV4Warning[],
): ThinkingFields {
  const level = GENERIC_LEVELS[asked];
  if (level !== undefined && service === 'platform') {
    warnings.push({
      type: 'compatibility',
      feature: 'reasoning',
      details: `${model.id} can only think or not; "${asked}" was sent as "on".`,
    });
    return { thinking: { type: 'enabled' } };
  }
  if (level !== undefined && level !== asked) {
    warnings.push({
      type: 'compatibility',
      feature: 'reasoning',
      details: `${model.id} has no effort above high; "${asked}" was sent as "${level}".`,
    });
  }
  return { thinking: { type: 'enabled' }, ...(level === undefined ? {} : { reasoning_effort: level }) };
}

/**
 * The declared default if listed, else the middle level, as the official client picks it (docs/wire.md#default-effort).
 */
function defaultEffort(model: ModelInfo): string | undefined {
  const efforts = model.efforts ?? [];
  return model.defaultEffort !== undefined && efforts.includes(model.defaultEffort)
    ? model.defaultEffort
    : efforts[Math.floor(efforts.length / 2)];
}

function nearestLevel(asked: string, efforts: readonly string[]): string {
  if (efforts.includes(asked)) {
    return asked;
  }
  const place = LADDER.indexOf(asked as (typeof LADDER)[number]);
  const ranked = efforts
    .map(level => ({ level, at: LADDER.indexOf(level as (typeof LADDER)[number]) }))
    .filter(({ at }) => at >= 0)
    .toSorted((left, right) => Math.abs(left.at - place) - Math.abs(right.at - place) || right.at - left.at);
  return ranked[0]?.level ?? asked;
}

/**
 * Whether the call asks for `thinking.keep: "all"`: by option, else by the identity that always does
 * (docs/decisions.md#30-keeping-all-reasoning).
 */
export function keepsReasoning({ model, options, keepsReasoningByDefault }: KimiCall): boolean {
  if (model.thinking === 'no') {
    return false;
  }
  if (options.reasoningHistory !== undefined) {
    return options.reasoningHistory === 'preserved';
  }
  return options.thinking?.keep === undefined ? keepsReasoningByDefault : options.thinking.keep === 'all';
}
