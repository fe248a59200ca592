import { KimiInvalidArgumentError } from '../../../errors/kimi-error';
import { isThinkingOff, type BodyRule, type KimiChatRequestBody } from '../body';
import { measureMessages, toolTokens } from '../measure-messages';

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
    'docs/wire.md#message-size: "total message size N exceeds limit 2097152", reported as fixed for the ' +
    '1M window of K3',
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

/** What the official Python client adds to its estimate (docs/wire.md#token-estimate). */
const MARGIN = 1_024;

/** Where the estimate leaves less, it is too rough to cut answers with; the server knows better. */
const SMALLEST_WINDOW = 8_192;

/** Reasoning of a thinking model easily takes so much. */
const ROOM_TO_THINK = 4_096;

export const maxCompletionTokens: BodyRule = {
  name: 'max-completion-tokens',
  summary:
    '`maxOutputTokens` goes as `max_completion_tokens`, with a warning where it leaves a thinking model no ' +
    'room; without it, what ' +
    "the context window has left by the official client's estimate.",
  source:
    'docs/wire.md#output-cap: both official clients rewrite max_tokens and ask for the rest of the ' +
    'window; a small cap gives an empty answer, none a low default',
  apply(body, call, warn) {
    const limit = body.max_tokens as number | undefined;
    if (limit !== undefined) {
      delete body.max_tokens;
    }
    const thinks = call.model.thinking !== 'no' && !isThinkingOff(body);
    if (limit !== undefined) {
      body.max_completion_tokens = limit;
      if (thinks && limit < ROOM_TO_THINK) {
        warn({
          type: 'compatibility',
          feature: 'maxOutputTokens',
          details:
            `${call.model.id} thinks within the ${limit} tokens of maxOutputTokens too, which may leave none ` +
            'for the answer; ' +
            `give at least ${ROOM_TO_THINK}, or turn thinking off.`,
        });
      }
      return;
    }
    if (call.options.outputLimit === 'server-default') {
      return;
    }
    const left = call.model.contextLength - promptTokens(body) - MARGIN;
    if (left >= SMALLEST_WINDOW) {
      body.max_completion_tokens = left;
    }
  },
};

/** The official client's estimate for a prompt with its tools. */
export function promptTokens({ messages, tools = [] }: KimiChatRequestBody): number {
  return measureMessages(messages).tokens + (tools.length === 0 ? 0 : toolTokens(tools));
}
