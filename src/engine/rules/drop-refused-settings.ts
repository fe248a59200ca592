import type { BodyRule } from '../body-rule';

/** Wire field to the AI SDK's word for it. */
const SAMPLING_SETTINGS: Readonly<Record<string, string>> = {
  temperature: 'temperature',
  top_p: 'topP',
  frequency_penalty: 'frequencyPenalty',
  presence_penalty: 'presencePenalty',
};

export const dropRefusedSettings: BodyRule = {
  name: 'drop-refused-settings',
  summary: 'Sampling settings are left out, with a warning, for models that refuse changed values; `seed` for all.',
  source: 'wire.md 6.1 and peers.md 5.5: K2.5 and later answer 400 to changed temperature, top_p and penalties; seed is no Kimi field (@ai-sdk/moonshotai 3.0.60)',
  appliesTo: () => true,
  apply(body, call, warn) {
    for (const [field, setting] of Object.entries({ ...(call.model.sampling === 'fixed' ? SAMPLING_SETTINGS : {}), seed: 'seed' })) {
      if (body[field] !== undefined) {
        delete body[field];
        warn({ type: 'unsupported', feature: setting, details: `${call.model.id} does not take ${setting}; it was not sent.` });
      }
    }
  },
};
