/** What pi hands to an extension, as far as we use it, for tests without pi; `test/hosts` has the real one. */
import type { PiAI, PiEvent, PiEventStream, PiMessage, PiModel, PiTool } from '../../src/pi/pi-api';
import { knownModel } from '../../src/models/known-models';
import { piModels } from '../../src/pi/pi-models';

export const piAI: PiAI = {
  createAssistantMessageEventStream() {
    const events: PiEvent[] = [];
    let wake: (() => void) | undefined;
    let isOver = false;
    const stream: PiEventStream = {
      push(event) {
        events.push(structuredClone(event));
        wake?.();
      },
      end() {
        isOver = true;
        wake?.();
      },
      async result() {
        for await (const event of stream) {
          if (event.type === 'done' || event.type === 'error') {
            return event.type === 'done' ? event.message : event.error;
          }
        }
        throw new Error('The stream has no end.');
      },
      async *[Symbol.asyncIterator]() {
        for (let index = 0; ; index++) {
          while (events[index] === undefined) {
            if (isOver) {
              return;
            }
            await new Promise<void>(resolve => (wake = resolve));
          }
          yield events[index] as PiEvent;
        }
      },
    };
    return stream;
  },
  getCurrentTools(messages: readonly PiMessage[]): PiTool[] {
    return messages.flatMap(message => (message.role === 'system' ? (message.toolsAdded ?? []) : []));
  },
  getSystemMessageText: ({ content }) => (typeof content === 'string' ? content : ''),
  renderSystemMessageUpdate: ({ content }) => (typeof content === 'string' ? `Now: ${content}` : ''),
  parseStreamingJson: text => ({ seen: text }),
  calculateCost: () => undefined,
};

export function piModel(id = 'kimi-for-coding'): PiModel {
  return piModels([knownModel(id, 'coding')], 'https://api.kimi.com/coding/v1').find(
    model => model.id === id,
  ) as PiModel;
}
