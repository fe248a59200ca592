import type { KimiSimulator, RecordedRequest } from '../../src/simulator/index';

/** The chats among the requests: the catalog asks for `/models` besides, before the first one. */
export const chats = (simulator: KimiSimulator): RecordedRequest[] =>
  simulator.requests.filter(({ path }) => path.endsWith('/chat/completions'));
