import { createStreamFetch } from '../../stream/stream-fetch';
import { MessagesSteps } from '../../stream/messages/messages-steps';
import type { ServerChunks } from '../../stream/server-chunks';
import type { FetchFunction } from '../../transport/fetch';
import type { KimiLimits } from '../../transport/limits';
import type { KimiCall } from '../call';
import { CallState } from '../call-state';
import type { CallTarget } from '../call-target';
import { messagesURL } from './messages-url';
import { convertMessagesUsage } from './usage';

/** A call on the Anthropic wire, and the fetch that finds out what is to be known while the wrapped model makes it. */
export class MessagesCallState extends CallState {
  /** Errors of the stream, in the order in which its error events leave. */
  private readonly errors: Error[] = [];

  /** @param path below the place of the wire */
  constructor(target: CallTarget, call: KimiCall, limits: KimiLimits, answer: 'stream' | 'whole', path?: string) {
    super(target, call, limits, answer, {
      name: 'messages',
      url: messagesURL(target, path),
      toolNamesOf: ({ tools, tool_choice: choice }) =>
        (choice as { type?: string } | undefined)?.type === 'none'
          ? []
          : ((tools ?? []) as Array<{ name: string }>).map(({ name }) => name),
      convertUsage: convertMessagesUsage,
    });
  }

  /** For a call whose answer is an event stream. */
  streamFetch(generateId: () => string, serverChunks: ServerChunks | undefined): FetchFunction {
    return createStreamFetch({
      fetch: async (_input, init) => this.requireStream(await this.send(init), init?.signal),
      serverChunks,
      eventLimit: this.limits.eventBytes,
      begin: () => ({
        silence: this.silence,
        onBroken: cause => this.noteBroken(cause),
        steps: new MessagesSteps(
          {
            toolNames: this.toolNames,
            callerNames: this.callerNames,
            generateId,
            onRecovered: count => this.noteRecovered(count),
            onMessage: seen => this.note(seen),
            onError: event => this.errors.push(this.eventError(event)),
          },
          this.limits.eventBytes,
        ),
      }),
    });
  }

  /** What the next error part of the stream carries. */
  nextError(): Error | undefined {
    return this.errors.shift();
  }
}
