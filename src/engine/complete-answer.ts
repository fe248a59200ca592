import type { LanguageModelV4Content, LanguageModelV4GenerateResult } from '@ai-sdk/provider';
import { ToolCallRecovery, type Said } from '../stream/markup/tool-call-recovery';
import { answerFaultError } from './answer-failure';
import type { CallState } from './call-state';

/**
 * What the wrapped models do not know of a whole answer: leaked tool calls, Kimi's usage and metadata, the caller's
 * tool names, and that it may be empty.
 * @throws KimiAPIError for an answer with neither text nor a tool call (docs/decisions.md#33-empty-answers)
 */
export function completeAnswer(
  result: Omit<LanguageModelV4GenerateResult, 'warnings'>,
  state: CallState,
  generateId: () => string,
): Omit<LanguageModelV4GenerateResult, 'warnings'> {
  const given = result.content;
  const recovered = recoverToolCalls(given, state.toolNames, generateId);
  const content = recovered?.content ?? given;
  state.noteRecovered(recovered?.count ?? 0);
  const { unified, raw } = result.finishReason;
  const mayBeEmpty = unified === 'length' || unified === 'content-filter';
  if (
    !mayBeEmpty &&
    !content.some(part => (part.type === 'text' ? part.text.trim() !== '' : part.type !== 'reasoning'))
  ) {
    throw answerFaultError(content.length === 0 ? 'empty' : 'thinking-only', state);
  }
  return {
    ...result,
    content: content.map(part => restoreToolName(part, state.callerNames)),
    finishReason: { unified: unified === 'stop' && state.recoveredToolCalls > 0 ? 'tool-calls' : unified, raw },
    usage: state.usageSoFar(),
    providerMetadata: {
      ...result.providerMetadata,
      kimi: { ...result.providerMetadata?.kimi, ...state.metadata() },
    },
  };
}

/**
 * Tool calls that leaked into the text or the reasoning of a whole answer become real ones, as in a stream; `count` is
 * how many. Returns `undefined` where nothing changes.
 */
function recoverToolCalls(
  content: readonly LanguageModelV4Content[],
  toolNames: ReadonlySet<string>,
  generateId: () => string,
): { content: LanguageModelV4Content[]; count: number } | undefined {
  if (
    toolNames.size === 0 ||
    !content.some(part => (part.type === 'text' || part.type === 'reasoning') && part.text.includes('<|'))
  ) {
    return undefined;
  }
  const recovery = new ToolCallRecovery(toolNames);
  const texts = { reasoning: '', text: '' };
  const add = (said: Said) => {
    texts.reasoning += said.reasoning;
    texts.text += said.content;
  };
  for (const part of content) {
    if (part.type === 'reasoning') {
      add(recovery.writeReasoning(part.text));
    } else if (part.type === 'text') {
      add(recovery.writeContent(part.text));
    } else if (part.type === 'tool-call') {
      add(recovery.beginToolCall());
      recovery.addToolCall(part.toolName, part.input);
    }
  }
  const end = recovery.end();
  const reasoning = texts.reasoning + end.reasoning;
  const text = texts.text + end.content;
  if (reasoning === joined(content, 'reasoning') && text === joined(content, 'text')) {
    return undefined;
  }
  const ids = new Set<string>();
  return {
    content: [
      ...textPart('reasoning', reasoning),
      ...textPart('text', text),
      ...content.filter(part => part.type !== 'reasoning' && part.type !== 'text'),
      ...end.calls.map(({ id, name, arguments: input }): LanguageModelV4Content => {
        const toolCallId = id !== undefined && !ids.has(id) ? id : generateId();
        ids.add(toolCallId);
        return { type: 'tool-call', toolCallId, toolName: name, input };
      }),
    ],
    count: end.calls.length,
  };
}

function joined(content: readonly LanguageModelV4Content[], type: 'reasoning' | 'text'): string {
  return content.map(part => (part.type === type ? part.text : '')).join('');
}

function textPart(type: 'reasoning' | 'text', text: string): LanguageModelV4Content[] {
  return text === '' ? [] : [{ type, text }];
}

/**
 * The answer's tool names as the caller wrote them, where the body rule `tool-names` had to change them.
 * @param toolNames wire name to the caller's, `KimiCall.toolNames`
 */
function restoreToolName<T extends LanguageModelV4Content>(part: T, toolNames: ReadonlyMap<string, string>): T {
  const name = 'toolName' in part ? toolNames.get(part.toolName) : undefined;
  return name === undefined ? part : { ...part, toolName: name };
}
