import type { LanguageModelV4Content } from '@ai-sdk/provider';
import { ToolCallRecovery, type Said } from '../stream/tool-call-recovery';

/**
 * Tool calls that leaked into the text or the reasoning of a whole answer become real ones, as in a stream; `count` is
 * how many. Returns `undefined` where nothing changes.
 */
export function recoverToolCalls(
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
