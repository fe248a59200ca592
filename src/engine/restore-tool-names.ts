import type { LanguageModelV4Content, LanguageModelV4StreamPart } from '@ai-sdk/provider';

/**
 * The answer's tool names as the caller wrote them, where the body rule `tool-names` had to change them.
 * @param toolNames wire name to the caller's, `KimiCall.toolNames`
 */
export function restoreToolName<T extends LanguageModelV4Content | LanguageModelV4StreamPart>(
  part: T,
  toolNames: ReadonlyMap<string, string>,
): T {
  const name = 'toolName' in part ? toolNames.get(part.toolName) : undefined;
  return name === undefined ? part : { ...part, toolName: name };
}
