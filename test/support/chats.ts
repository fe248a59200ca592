import { toChatBody } from '../../src/simulator/messages-body';
import type { MessagesBody } from '../../src/simulator/rules/messages-rule';
import type { ChatBody } from '../../src/simulator/rules/simulator-rule';
import type { KimiSimulator, RecordedRequest } from '../../src/simulator/index';

/** What a chat asked for, on whichever wire, in the words of chat completions. */
export const chatBodies = (simulator: KimiSimulator): ChatBody[] =>
  chats(simulator).map(({ path, json }) =>
    path.endsWith('/messages') ? toChatBody(json as MessagesBody) : (json as ChatBody),
  );

/** The chats among the requests: the catalog asks for `/models` besides, before the first one. */
export const chats = (simulator: KimiSimulator): RecordedRequest[] =>
  simulator.requests.filter(({ path }) => /\/(chat\/completions|messages)$/.test(path));
