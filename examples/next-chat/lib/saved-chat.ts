import { generateId } from 'ai';
import type { ChatMessage } from './chat-message';

export type SavedChat = {
  id: string;
  messages: ChatMessage[];
  model: string;
  effort: string;
  runtime: 'node' | 'edge';
};

const KEY = 'kimi-chat';

export const newChat = (): SavedChat => ({
  id: generateId(),
  messages: [],
  model: 'kimi-for-coding',
  effort: 'auto',
  runtime: 'node',
});

/** The chat of this browser. A reload goes on with it. */
export function loadChat(): SavedChat {
  try {
    return { ...newChat(), ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<SavedChat>) };
  } catch {
    return newChat();
  }
}

export function saveChat(chat: SavedChat): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(chat));
  } catch {
    // Full or forbidden: the chat goes on, it is only not kept.
  }
}
