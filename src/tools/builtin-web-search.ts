import { z } from 'zod/v4';
import type { KimiTool } from './kimi-tool';

/** What the platform puts into the call, and wants back as it is. */
export type BuiltinWebSearchArguments = {
  search_result?: { search_id?: string };
  /** `total_tokens`: how long what was found is; it counts as input of the next step. */
  usage?: { total_tokens?: number };
  [field: string]: unknown;
};

/** Under the one name that the platform knows. */
export type BuiltinWebSearchTool = {
  $web_search: KimiTool<BuiltinWebSearchArguments, BuiltinWebSearchArguments>;
};

/**
 * The search that the platform's models do by themselves: `tools: { ...builtinWebSearch(), … }`. The platform puts all
 * that it needs into the call, and wants it back as it is (docs/wire.md#builtin-web-search). The name belongs to it,
 * which is why this is a set of one tool, to be spread. Billed for each search. The vendor is about to take it offline
 * and names the endpoints that `webSearch` uses in its place.
 */
export function builtinWebSearch(): BuiltinWebSearchTool {
  return {
    $web_search: {
      description: 'Searches the web.',
      inputSchema: z.looseObject({}) as unknown as z.ZodType<BuiltinWebSearchArguments>,
      execute: async input => input,
    },
  };
}
