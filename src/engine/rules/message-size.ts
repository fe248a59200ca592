import { KimiInvalidArgumentError } from '../../errors/kimi-invalid-argument-error';
import type { BodyRule } from '../body-rule';
import { measureMessages } from '../measure-messages';

/** Bytes of messages that the server takes. */
const LARGEST = 2_097_152;

/** Windows above this hold more tokens than fit into so many bytes. */
const LARGE_WINDOW = 524_288;

export const messageSize: BodyRule = {
  name: 'message-size',
  summary:
    'More than 2,097,152 bytes of messages, inline media not counted, is an error before anything is sent; ' +
    'models with a larger ' +
    'window than that get a warning.',
  source:
    'wire.md 6.6, 8.2: "total message size N exceeds limit 2097152"; peers.md 5.5 (kimi-code#1862, reported as ' +
    'fixed for the 1M ' +
    'window of K3)',
  appliesTo: () => true,
  apply(body, call, warn) {
    const { bytes } = measureMessages(body.messages);
    if (bytes <= LARGEST) {
      return;
    }
    const text = `The messages have ${bytes} bytes without inline media, and Kimi refuses more than ${LARGEST}`;
    if (call.model.contextLength <= LARGE_WINDOW) {
      throw new KimiInvalidArgumentError({
        argument: 'prompt',
        message: `${text}. Leave out or shorten early messages and tool results.`,
      });
    }
    warn({ type: 'other', message: `${text}; models with a large window may take them.` });
  },
};
