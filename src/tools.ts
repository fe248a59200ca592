/**
 * Entry `ai-sdk-provider-kimi/tools`: the web as AI SDK tools, for AI SDK 5, 6 and 7 and models of any provider.
 * Edge-safe.
 */
export { webSearch, type WebSearchTool, type WebSearchToolOptions } from './tools/web-search';
export { webFetch, type WebFetchTool, type WebFetchToolOptions } from './tools/web-fetch';
export { builtinWebSearch, type BuiltinWebSearchTool } from './tools/builtin-web-search';
export type { KimiTool, KimiToolCall } from './tools/kimi-tool';
export type { WebSearchResult } from './web/web-search';
