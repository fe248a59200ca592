import type { JSONSchema7, SharedV4ProviderOptions, SharedV4Warning } from '@ai-sdk/provider';
import { z } from 'zod/v4';
import { lazy } from '../transport/lazy';
import { KimiInvalidArgumentError } from '../errors/kimi-error';

/**
 * Effort words that are always understood; a model's own levels are accepted besides
 * (docs/decisions.md#28-effort-words).
 */
export const REASONING_EFFORTS = [
  'auto',
  'off',
  'none',
  'on',
  'minimal',
  'low',
  'medium',
  'high',
  'xhigh',
  'max',
] as const;

/** `providerOptions.kimi`, also read under the provider's `name`. */
export type KimiLanguageModelOptions = {
  /**
   * How much the model thinks. `auto` (default): the server decides. `off`/`none`: no thinking. `on`: thinking at the
   * model's default. Levels are mapped to the nearest one the model has, with a warning when that changes them. Beats
   * AI SDK 7's `reasoning`.
   */
  reasoningEffort?: (typeof REASONING_EFFORTS)[number] | (string & {});
  /**
   * `preserved`: earlier turns' reasoning is kept in the context (`thinking.keep: "all"` on the wire). `interleaved`:
   * the server's rule. Default: `preserved` with the kimi-code identity, which sends it on every request, else
   * `interleaved`.
   */
  reasoningHistory?: 'preserved' | 'interleaved';
  /**
   * One value per conversation, so that the server can find its cached prefix. Default: the session id header that
   * opencode sends.
   */
  promptCacheKey?: string;
  /**
   * The wire form, as existing opencode configurations write it. `reasoningEffort` and `reasoningHistory` win over it.
   */
  thinking?: { type?: 'enabled' | 'disabled'; effort?: string; keep?: 'all' | null };
  /**
   * Sends `temperature`, `topP`, `frequencyPenalty`, `presencePenalty` and `seed` to every model. Models from K2.5 on
   * refuse changed values, so that by default these settings are left out with a warning. Default `false`.
   */
  forceSampling?: boolean;
  /**
   * What goes as `max_completion_tokens` where `maxOutputTokens` is not set. `window` (default): what the model's
   * context window has left by estimate, as the official clients ask for it. `server-default`: nothing, so that the
   * server's own limit counts; for the platform, where rate limits may count the tokens that were asked for.
   */
  outputLimit?: 'window' | 'server-default';
  /** Whether the answer must follow the schema of structured output to the letter (`strict`). Default `true`. */
  strictJsonSchema?: boolean;
  /**
   * The prompt ends with an assistant message that is the beginning of the answer; the model goes on from there.
   * Platform only; not with JSON output. May also stand on the message (`KimiMessageOptions`).
   */
  partial?: boolean;
  /**
   * `auto`: uploads the videos and the images above 1 MiB of the prompt, once for each content, and sends `ms://`
   * references in their place. `never`: sends all media inline. Default: the provider's setting, which is `never`.
   */
  uploadMedia?: 'auto' | 'never';
  /** A stable identifier of the end user, best a hash; the platform's word for OpenAI's `user`. */
  safetyIdentifier?: string;
  /** Log probabilities of the answer's tokens, in `providerMetadata.kimi.logprobs`. Platform only. Default `false`. */
  logprobs?: boolean;
  /** So many of the likeliest tokens at each place, 0 to 20; turns `logprobs` on. Platform only. */
  topLogprobs?: number;
  /** Text that much of the answer will repeat, for example the file that is to be changed. Platform only. */
  prediction?: { type: 'content'; content: string | Array<{ type: 'text'; text: string }> };
};

/** Zod's schemas are made when the first call has options: making them takes longer than all else that an import does. */
const optionsSchema = lazy(() =>
  z.object({
    reasoningEffort: z.string().min(1).optional(),
    reasoningHistory: z.enum(['preserved', 'interleaved']).optional(),
    promptCacheKey: z.string().min(1).optional(),
    thinking: z
      .object({
        type: z.enum(['enabled', 'disabled']).optional(),
        effort: z.string().min(1).optional(),
        keep: z.literal('all').nullish(),
      })
      .optional(),
    forceSampling: z.boolean().optional(),
    outputLimit: z.enum(['window', 'server-default']).optional(),
    strictJsonSchema: z.boolean().optional(),
    partial: z.boolean().optional(),
    uploadMedia: z.enum(['auto', 'never']).optional(),
    safetyIdentifier: z.string().min(1).optional(),
    logprobs: z.boolean().optional(),
    topLogprobs: z.number().int().min(0).max(20).optional(),
    prediction: z
      .object({
        type: z.literal('content'),
        content: z.union([z.string(), z.array(z.object({ type: z.literal('text'), text: z.string() }))]),
      })
      .optional(),
  }),
);

/** Wire names that existing configurations use (docs/decisions.md#31-provider-options). */
const ALIASES: Readonly<Record<string, keyof KimiLanguageModelOptions>> = {
  reasoning_effort: 'reasoningEffort',
  prompt_cache_key: 'promptCacheKey',
  safety_identifier: 'safetyIdentifier',
  top_logprobs: 'topLogprobs',
};

/** {@link KimiLanguageModelOptions} after reading. */
export type ParsedKimiOptions = z.infer<ReturnType<typeof optionsSchema>>;

/**
 * Reads `providerOptions.kimi` and `providerOptions[name]`, the latter winning. An unknown key becomes a warning and
 * goes nowhere.
 * @throws KimiInvalidArgumentError for a bad value; the message names the allowed ones.
 */
export function parseKimiOptions(
  providerOptions: SharedV4ProviderOptions | undefined,
  name: string,
): { options: ParsedKimiOptions; warnings: SharedV4Warning[] } {
  const warnings: SharedV4Warning[] = [];
  if (providerOptions?.kimi === undefined && providerOptions?.[name] === undefined) {
    return { options: {}, warnings };
  }
  const known: Record<string, unknown> = {};
  const namespaces = name === 'kimi' ? ['kimi'] : ['kimi', name];

  for (const namespace of namespaces) {
    const value: unknown = providerOptions?.[namespace] ?? {};
    if (typeof value !== 'object' || Array.isArray(value)) {
      throw new KimiInvalidArgumentError({
        argument: `providerOptions.${namespace}`,
        message:
          `providerOptions.${namespace} must be an object of options, not ` +
          `${Array.isArray(value) ? 'an array' : `a ${typeof value}`}. ` +
          `Options: ${Object.keys(optionsSchema().shape).join(', ')}.`,
      });
    }
    const given = Object.entries(value as Record<string, unknown>).filter(([, value]) => value !== undefined);
    // An alias never beats the documented name beside it.
    for (const [key, value] of given.toSorted(
      ([left], [right]) => Number(right in ALIASES) - Number(left in ALIASES),
    )) {
      const option = ALIASES[key] ?? key;
      if (!(option in optionsSchema().shape)) {
        warnings.push({
          type: 'other',
          message:
            `providerOptions.${namespace}.${key} is not an option of this provider and was ignored. Options: ` +
            `${Object.keys(optionsSchema().shape).join(', ')}.`,
        });
        continue;
      }
      known[option] = value;
    }
  }

  const parsed = optionsSchema().safeParse(known);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const path = (issue?.path ?? []).join('.');
    throw new KimiInvalidArgumentError({
      argument: `providerOptions.${namespaces.at(-1)}.${path}`,
      message: `providerOptions.${namespaces.at(-1)}.${path} is not valid: ${issue?.message ?? 'unknown reason'}.`,
    });
  }
  return { options: parsed.data, warnings };
}

/** `providerOptions.kimi` of a message, also read under the provider's `name`. */
export type KimiMessageOptions = {
  /** On the last message, an assistant's: it is the beginning of the answer. Platform only. */
  partial?: boolean;
  /** Who speaks, for messages of system, user and assistant. Platform only. */
  name?: string;
  /**
   * On a system message with empty text: tools that the model has from here on, for models that load tools in
   * mid-conversation. To have the AI SDK run them, give them in `tools` of the call too.
   */
  tools?: ReadonlyArray<{ name: string; description?: string; inputSchema: JSONSchema7 }>;
};

const messageOptionsSchema = lazy(() =>
  z.object({
    partial: z.boolean().optional(),
    name: z.string().min(1).optional(),
    tools: z
      .array(
        z.object({
          name: z.string().min(1),
          description: z.string().optional(),
          inputSchema: z.custom<JSONSchema7>(isObject, 'expected a JSON Schema'),
        }),
      )
      .optional(),
  }),
);

const NO_FIELDS: Readonly<Record<string, unknown>> = {};

/** Fields of the wire message that a message's options ask for. @throws KimiInvalidArgumentError for a bad value */
export function messageFields(
  providerOptions: SharedV4ProviderOptions | undefined,
  role: string,
  name: string,
): Readonly<Record<string, unknown>> {
  if (providerOptions?.kimi === undefined && providerOptions?.[name] === undefined) {
    return NO_FIELDS;
  }
  const parsed = messageOptionsSchema().safeParse({ ...providerOptions?.kimi, ...providerOptions?.[name] });
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(`${(issue?.path ?? []).join('.')}`, `is not valid: ${issue?.message ?? 'unknown reason'}`);
  }
  const { partial, name: speaker, tools } = parsed.data;
  if (tools !== undefined && role !== 'system') {
    throw invalid('tools', `belongs on a system message, not on one of the role ${role}`);
  }
  return {
    ...(partial === true ? { partial } : {}),
    ...(speaker === undefined || role === 'tool' ? {} : { name: speaker }),
    ...(tools === undefined ? {} : { tools: tools.map(wireTool) }),
  };
}

function wireTool({
  name,
  description,
  inputSchema,
}: {
  name: string;
  description?: string | undefined;
  inputSchema: JSONSchema7;
}) {
  return { type: 'function', function: { name, description, parameters: inputSchema } };
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(field: string, reason: string): KimiInvalidArgumentError {
  const argument = `providerOptions.kimi.${field}`;
  return new KimiInvalidArgumentError({ argument, message: `${argument} of a message ${reason}.` });
}
