import type { FilledPart, FilledToolCall } from './answer-parts';
import type { ScriptedAnswer } from './scripted-answer';

/** The `delta` objects of a streamed answer, in order. */
export function answerDeltas(answer: ScriptedAnswer, parts: readonly FilledPart[]): Record<string, unknown>[] {
  const size = answer.chunkSize ?? 12;
  const deltas: Record<string, unknown>[] = [{ role: 'assistant', content: '' }];
  const calls = parts.filter(part => part.type === 'tool-call');
  let run: FilledToolCall[] = [];
  const flush = (): void => {
    const fragments = run.map(call => callFragments(call, calls.indexOf(call), size));
    deltas.push(
      ...(answer.interleaveToolCalls ? alternate(fragments) : fragments.flat()).map(fragment => ({
        tool_calls: [fragment],
      })),
    );
    run = [];
  };
  for (const part of parts) {
    if (part.type === 'tool-call') {
      run.push(part);
      continue;
    }
    flush();
    const key = part.type === 'reasoning' ? 'reasoning_content' : 'content';
    deltas.push(...pieces(part.text, size).map(text => ({ [key]: text })));
  }
  flush();
  return deltas;
}

function callFragments(call: FilledToolCall, index: number, size: number): Record<string, unknown>[] {
  const has = (quirk: string): boolean => call.quirks?.some(candidate => candidate === quirk) ?? false;
  // At least two pieces, so that "first" and "last" are different fragments.
  const texts = ['', ...pieces(call.arguments, size)];
  const nameAt = has('arguments-before-name') ? texts.length - 1 : 0;
  const idAt = has('missing-id') ? -1 : has('late-id') ? texts.length - 1 : 0;
  return texts.flatMap((text, position) => {
    const fragment = {
      ...(has('missing-index') ? {} : { index }),
      ...(position === idAt ? { id: call.id } : {}),
      ...(position === 0 ? { type: 'function' } : {}),
      function: { ...(position === nameAt ? { name: call.name } : {}), arguments: text },
    };
    return has('empty-entries') ? [has('missing-index') ? {} : { index }, fragment] : [fragment];
  });
}

function alternate<T>(lists: readonly T[][]): T[] {
  const longest = Math.max(0, ...lists.map(list => list.length));
  return Array.from({ length: longest }, (_, position) =>
    lists.flatMap(list => list.slice(position, position + 1)),
  ).flat();
}

/** Splits by characters, never inside a surrogate pair; an empty text is one empty piece. */
function pieces(text: string, size: number): string[] {
  const characters = [...text];
  const count = Math.max(1, Math.ceil(characters.length / size));
  return Array.from({ length: count }, (_, position) =>
    characters.slice(position * size, (position + 1) * size).join(''),
  );
}
