import { z } from 'zod/v4';
import { lazy } from '../transport/lazy';
import { requestJSON } from '../api/request-json';
import type { FetchFunction } from '../transport/fetch';
import type { KimiService } from '../upstream';
import { knownModel } from './known-models';
import type { ModelInfo } from './model-info';

/**
 * An entry of `GET /models`, field by field: what has a wrong type counts as not said, so that one bad field costs no
 * model (docs/wire.md#model-list).
 */
const entrySchema = lazy(() =>
  z.object({
    id: z.string().trim().min(1),
    display_name: z.string().min(1).optional().catch(undefined),
    context_length: z.number().int().positive().optional().catch(undefined),
    supports_reasoning: z.boolean().optional().catch(undefined),
    supports_thinking_type: z.enum(['only', 'both', 'no']).optional().catch(undefined),
    supports_image_in: z.boolean().optional().catch(undefined),
    supports_video_in: z.boolean().optional().catch(undefined),
    supports_tool_use: z.boolean().optional().catch(undefined),
    supports_dynamic_tools: z.boolean().optional().catch(undefined),
    think_efforts: z
      .object({
        support: z.boolean().optional().catch(undefined),
        valid_efforts: z.array(z.string().min(1)).optional().catch(undefined),
        default_effort: z.string().min(1).optional().catch(undefined),
      })
      .optional()
      .catch(undefined),
    protocol: z.string().nullish().catch(undefined),
  }),
);

const listSchema = lazy(() => z.looseObject({ data: z.array(z.unknown()) }));

/** Of the answer, in bytes; a list of a thousand models has less than one million. */
const LIST_LIMIT = 4 * 1024 * 1024;

/** So many entries are looked at: checking those of 4 MB that is nothing but entries would stop the process. */
const MOST_MODELS = 5_000;

/**
 * `GET /models`: what the account has, in server order, and the body it was read from.
 * @throws as `requestJSON`
 */
export async function requestModelList(request: {
  fetch: FetchFunction;
  apiBaseURL: string;
  service: KimiService;
  abortSignal?: AbortSignal | undefined;
  credentialSource?: (() => string | undefined) | undefined;
  secrets?: (() => Iterable<string>) | undefined;
}): Promise<{ models: ModelInfo[]; body: unknown }> {
  const { apiBaseURL, service, ...rest } = request;
  const url = `${apiBaseURL}/models`;
  const body = await requestJSON({ ...rest, url, schema: listSchema(), limit: LIST_LIMIT });
  return { models: parseModelList(body, service) ?? [], body };
}

/**
 * The body of `GET /models` in server order. An entry without an id is skipped, the first of two with the same id
 * counts.
 * @returns `undefined` for what is no list at all
 */
export function parseModelList(body: unknown, service: KimiService): ModelInfo[] | undefined {
  const list = listSchema().safeParse(body);
  if (!list.success) {
    return undefined;
  }
  const models = new Map<string, ModelInfo>();
  for (const candidate of list.data.data.slice(0, MOST_MODELS)) {
    const entry = entrySchema().safeParse(candidate);
    if (entry.success && !models.has(entry.data.id)) {
      models.set(entry.data.id, toModelInfo(entry.data, service));
    }
  }
  return [...models.values()];
}

/** What the server says wins; what it does not say is as the bundled table, or the model's family, has it. */
function toModelInfo(entry: z.infer<ReturnType<typeof entrySchema>>, service: KimiService): ModelInfo {
  const {
    efforts: knownEfforts,
    defaultEffort: knownDefault,
    ...known
  } = knownModel(entry.id, service, entry.context_length);
  const thinking = entry.supports_thinking_type ?? legacyThinking(entry.supports_reasoning, known.thinking);
  // Read only where `support` is exactly true (docs/wire.md#effort-lists).
  const declared = entry.think_efforts;
  const efforts =
    declared === undefined ? knownEfforts : declared.support === true ? declared.valid_efforts : undefined;
  const defaultEffort = declared === undefined ? knownDefault : declared.default_effort;
  const displayName = entry.display_name ?? known.displayName;
  return {
    ...known,
    ...(displayName === undefined ? {} : { displayName }),
    contextLength: entry.context_length ?? known.contextLength,
    thinking,
    ...(thinking === 'no' || efforts === undefined || efforts.length === 0
      ? {}
      : { efforts, ...(defaultEffort === undefined ? {} : { defaultEffort }) }),
    imageInput: entry.supports_image_in ?? known.imageInput,
    videoInput: entry.supports_video_in ?? known.videoInput,
    toolUse: entry.supports_tool_use ?? true,
    dynamicTools: entry.supports_dynamic_tools ?? known.dynamicTools,
    // Anything else is chat completions (docs/wire.md#model-protocol).
    protocol: entry.protocol === 'anthropic' || entry.protocol === 'response' ? entry.protocol : 'openai',
  };
}

/**
 * The legacy field says whether a model thinks, not whether it can stop: what always thinks must never be sent
 * `disabled`.
 */
function legacyThinking(reasons: boolean | undefined, known: ModelInfo['thinking']): ModelInfo['thinking'] {
  if (reasons === undefined) {
    return known;
  }
  return reasons ? (known === 'only' ? 'only' : 'both') : 'no';
}
