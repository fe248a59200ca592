import type { BodyRule } from '../body-rule';

/**
 * Wire field to the AI SDK's word for it, and to the one value that fixed models have, which is no change (wire.md
 * 6.1).
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
    'wire.md 6.1 and peers.md 5.5: K2.5 and later answer 400 to changed temperature, top_p and penalties; seed ' +
    'is no Kimi field ' +
    '(@ai-sdk/moonshotai 3.0.60)',
  appliesTo: call => call.options.forceSampling !== true,
  apply(body, call, warn) {
    const thinks =
      call.model.thinking !== 'no' && (body.thinking as { type?: string } | undefined)?.type !== 'disabled';
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
