import type { BodyRule } from '../body-rule';
import { measureMessages, measureText } from '../measure-messages';

/** What the official Python client adds to its estimate (wire.md 6.3, P soul/kimisoul.py:1355-1387). */
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
    'wire.md 6.3 (captured): both official clients rewrite max_tokens and ask for the rest of the window; trap ' +
    '22: a small cap ' +
    'gives an empty answer, none a low default',
  appliesTo: () => true,
  apply(body, call, warn) {
    const limit = body.max_tokens as number | undefined;
    delete body.max_tokens;
    const thinks =
      call.model.thinking !== 'no' && (body.thinking as { type?: string } | undefined)?.type !== 'disabled';
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
    const tools = body.tools === undefined ? 0 : measureText(JSON.stringify(body.tools)).tokens;
    const left = call.model.contextLength - measureMessages(body.messages).tokens - tools - MARGIN;
    if (left >= SMALLEST_WINDOW) {
      body.max_completion_tokens = left;
    }
  },
};
