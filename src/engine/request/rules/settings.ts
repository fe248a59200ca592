import type { ParsedKimiOptions } from '../../options';
import { isThinkingOff, type BodyRule } from '../body';

export const modelSlug: BodyRule = {
  name: 'model-slug',
  summary: 'The id becomes the slug that the account has for it.',
  source:
    'docs/wire.md#choice-of-slug: slugs of the account go verbatim; `kimi-for-coding` and `auto` are ' +
    'stable names for what it is entitled to',
  apply(body, call) {
    body.model = call.model.id;
  },
};

/**
 * Wire field to the AI SDK's word for it, and to the one value that fixed models have, which is no change
 * (docs/wire.md#fixed-sampling).
 */
const SAMPLING_SETTINGS: Readonly<Record<string, Setting>> = {
  temperature: { setting: 'temperature', fixed: thinking => (thinking ? 1 : 0.6) },
  top_p: { setting: 'topP', fixed: () => 0.95 },
  frequency_penalty: { setting: 'frequencyPenalty', fixed: () => 0 },
  presence_penalty: { setting: 'presencePenalty', fixed: () => 0 },
};

type Setting = { setting: string; fixed?(thinking: boolean): number };

export const dropRefusedSettings: BodyRule = {
  name: 'drop-refused-settings',
  summary:
    'Sampling settings are left out, with a warning where they would change something, for models that refuse ' +
    'changed values; ' +
    '`seed` for all. `forceSampling` sends them.',
  source:
    'docs/wire.md#fixed-sampling: K2.5 and later answer 400 to changed temperature, top_p and penalties; ' +
    'seed is no Kimi field (docs/wire.md#fields-of-the-platform)',
  apply(body, call, warn) {
    if (call.options.forceSampling === true) {
      return;
    }
    const thinks = call.model.thinking !== 'no' && !isThinkingOff(body);
    const settings: Record<string, Setting> = {
      ...(call.model.sampling === 'fixed' ? SAMPLING_SETTINGS : {}),
      seed: { setting: 'seed' },
    };
    for (const [field, { setting, fixed }] of Object.entries(settings)) {
      const value = body[field];
      if (value === undefined) {
        continue;
      }
      delete body[field];
      if (value !== fixed?.(thinks)) {
        warn({
          type: 'unsupported',
          feature: setting,
          details:
            `${call.model.id} does not take ${setting}; it was not sent. To send it: ` +
            'providerOptions.kimi.forceSampling.',
        });
      }
    }
  },
};

export const promptCacheKey: BodyRule = {
  name: 'prompt-cache-key',
  summary: '`promptCacheKey`, else the session id that opencode sends as a header, goes as `prompt_cache_key`.',
  source:
    'docs/wire.md#prompt-cache-key: the official clients send the session id on every request; ' +
    'docs/wire.md#opencode-session-headers',
  apply(body, call) {
    const key = call.options.promptCacheKey ?? call.sessionId;
    if (key !== undefined) {
      body.prompt_cache_key = key;
    }
  },
};

export const safetyIdentifier: BodyRule = {
  name: 'safety-identifier',
  summary: "`safetyIdentifier`, Kimi's word for `user`, goes as `safety_identifier`, on the platform only.",
  source:
    'docs/wire.md#fields-of-the-platform; docs/wire.md#chat-body: the official client of the coding ' +
    'service sends no `user`',
  apply: platformOnly(({ safetyIdentifier: identifier }) =>
    identifier === undefined ? {} : { safetyIdentifier: { safety_identifier: identifier } },
  ),
};

export const logprobs: BodyRule = {
  name: 'logprobs',
  summary: '`logprobs` and `topLogprobs` go as `logprobs` and `top_logprobs`, on the platform only.',
  source:
    'docs/wire.md#fields-of-the-platform; docs/wire.md#chat-body: the official client of the coding service sends none',
  apply: platformOnly(({ logprobs: asked, topLogprobs: top }) => ({
    ...(asked === true && top === undefined ? { logprobs: { logprobs: true } } : {}),
    ...(top === undefined ? {} : { topLogprobs: { logprobs: true, top_logprobs: top } }),
  })),
};

export const prediction: BodyRule = {
  name: 'prediction',
  summary: '`prediction` goes as it is, on the platform only.',
  source:
    'docs/wire.md#fields-of-the-platform; docs/wire.md#chat-body: the official client of the coding service sends none',
  apply: platformOnly(({ prediction: predicted }) =>
    predicted === undefined ? {} : { prediction: { prediction: predicted } },
  ),
};

/** Fields that the platform takes and the coding service is never sent, by the option that asks for them. */
function platformOnly(
  fieldsOf: (options: ParsedKimiOptions) => Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): BodyRule['apply'] {
  return (body, { options, service }, warn) => {
    for (const [option, fields] of Object.entries(fieldsOf(options))) {
      if (service === 'platform') {
        Object.assign(body, fields);
      } else {
        warn({ type: 'unsupported', feature: option, details: 'Only the platform takes it; it was not sent.' });
      }
    }
  };
}
