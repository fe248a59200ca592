import { KimiInvalidArgumentError } from '../../errors/kimi-invalid-argument-error';
import type { BodyRule } from '../body-rule';

export const partial: BodyRule = {
  name: 'partial',
  summary:
    'With `partial` the last assistant message is a beginning that the model goes on with; on the platform only.',
  source:
    'peers.md 1a and 5.5 (vercel/ai#19545): last message only, not with JSON output; wire.md 6.4: no official ' +
    'client of the coding ' +
    'service sends it',
  appliesTo: () => true,
  apply(body, call, warn) {
    const last = body.messages.at(-1);
    if (call.options.partial === true) {
      if (last?.role !== 'assistant') {
        throw invalid('needs a prompt that ends with an assistant message, the beginning of the answer');
      }
      last.partial = true;
    }
    const marked = body.messages.filter(message => message.partial !== undefined);
    if (marked.length === 0) {
      return;
    }
    if (call.service !== 'platform') {
      for (const message of marked) {
        delete message.partial;
      }
      warn({
        type: 'unsupported',
        feature: 'partial',
        details: 'Only the platform goes on with a begun answer; the message was sent as a finished one.',
      });
      return;
    }
    if (marked.some(message => message !== last || message.role !== 'assistant' || message.tool_calls !== undefined)) {
      throw invalid('belongs to the last message, which must be an assistant message without tool calls');
    }
    if (body.response_format !== undefined) {
      throw invalid('cannot go with JSON output');
    }
  },
};

function invalid(reason: string): KimiInvalidArgumentError {
  return new KimiInvalidArgumentError({
    argument: 'providerOptions.kimi.partial',
    message: `providerOptions.kimi.partial ${reason}.`,
  });
}
