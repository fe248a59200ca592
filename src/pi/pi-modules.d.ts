/** pi's own modules, which pi itself hands to its extensions; nothing installs them (docs/wire.md#pi-packages). */
declare module '@earendil-works/pi-ai' {
  import type { PiAI } from './pi-api';

  export const createAssistantMessageEventStream: PiAI['createAssistantMessageEventStream'];
  export const getCurrentTools: PiAI['getCurrentTools'];
  export const getSystemMessageText: PiAI['getSystemMessageText'];
  export const renderSystemMessageUpdate: PiAI['renderSystemMessageUpdate'];
  export const parseStreamingJson: PiAI['parseStreamingJson'];
  export const calculateCost: PiAI['calculateCost'];
}

declare module '@earendil-works/pi-coding-agent' {
  export function getAgentDir(): string;
}
