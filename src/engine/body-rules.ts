import type { BodyRule } from './body-rule';
import { dropRefusedSettings } from './rules/drop-refused-settings';
import { maxCompletionTokens } from './rules/max-completion-tokens';
import { modelSlug } from './rules/model-slug';
import { omitContentBesideToolCalls } from './rules/omit-content-beside-tool-calls';
import { plainTools } from './rules/plain-tools';
import { promptCacheKey } from './rules/prompt-cache-key';
import { replayReasoningContent } from './rules/replay-reasoning-content';
import { thinking } from './rules/thinking';

/**
 * What Kimi needs beyond openai-compatible, in the order in which it is applied. `thinking` stands before
 * `replay-reasoning-content`, which looks at whether thinking is off.
 */
export const BODY_RULES: readonly BodyRule[] = [
  modelSlug,
  thinking,
  omitContentBesideToolCalls,
  replayReasoningContent,
  plainTools,
  maxCompletionTokens,
  dropRefusedSettings,
  promptCacheKey,
];
