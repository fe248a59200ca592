import type { BodyRule } from '../body-rule';

export const messageName: BodyRule = {
  name: 'message-name',
  summary: "A message's `name` goes to the platform only; elsewhere it is left out with a warning.",
  source:
    'wire.md 6.4 and trap 26: the official client of the coding service never sends it; @ai-sdk/moonshotai ' +
    '3.0.60 for the platform',
  appliesTo: call => call.service !== 'platform',
  apply(body, call, warn) {
    const named = body.messages.filter(message => message.name !== undefined);
    for (const message of named) {
      delete message.name;
    }
    if (named.length > 0) {
      warn({
        type: 'unsupported',
        feature: 'message name',
        details: `The ${call.service} service knows no names of messages; they were not sent.`,
      });
    }
  },
};
