import type { BodyRule } from '../body-rule';

export const safetyIdentifier: BodyRule = {
  name: 'safety-identifier',
  summary: "`safetyIdentifier`, Kimi's word for `user`, goes as `safety_identifier`, on the platform only.",
  source:
    '@ai-sdk/moonshotai 3.0.60 for the platform; wire.md 6.1: the official client of the coding service sends ' +
    'no `user`',
  appliesTo: call => call.options.safetyIdentifier !== undefined,
  apply(body, call, warn) {
    if (call.service === 'platform') {
      body.safety_identifier = call.options.safetyIdentifier;
    } else {
      warn({
        type: 'unsupported',
        feature: 'safetyIdentifier',
        details: 'Only the platform takes it; it was not sent.',
      });
    }
  },
};
