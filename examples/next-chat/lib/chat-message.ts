import type { UIMessage } from 'ai';

export type ChatMessage = UIMessage<{ thoughtSeconds?: number }>;
