import { webFetch, webSearch } from 'ai-sdk-provider-kimi/tools';
import { kimi } from 'ai-sdk-provider-kimi/v4';

/** What a line may name in `tools`. Put yours here. */
export const TOOLS = {
  search: webSearch(kimi, { limit: 5 }),
  // An address can carry away what the model knows: allow only what you need.
  read: webFetch(kimi, { maxLength: 20_000 }),
};

export type ToolName = keyof typeof TOOLS;
export const TOOL_NAMES = Object.keys(TOOLS) as [ToolName, ...ToolName[]];
