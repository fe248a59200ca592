import { createReadStream } from 'node:fs';
import { z } from 'zod';

const promptSchema = z.strictObject({
  id: z.string().min(1),
  prompt: z.string().min(1),
  system: z.string().optional(),
  model: z.string().min(1).optional(),
  effort: z.string().min(1).optional(),
});

export type Prompt = z.infer<typeof promptSchema>;

/**
 * The lines of a JSONL file; blank ones are passed over. `isEnded`: a newline follows. Not `readline`, which takes
 * U+2028 for the end of a line on newer Nodes, while JSON has it within texts.
 */
export async function* readLines(path: string): AsyncGenerator<{ number: number; text: string; isEnded: boolean }> {
  let number = 0;
  let rest = '';
  const line = (text: string, isEnded: boolean) => {
    number += 1;
    return text.trim() === '' ? [] : [{ number, text: text.replace(/^\uFEFF/, ''), isEnded }];
  };
  for await (const block of createReadStream(path, 'utf8')) {
    const [first = '', ...others] = String(block).split('\n');
    const last = others.pop();
    rest += first;
    if (last !== undefined) {
      for (const text of [rest, ...others]) {
        yield* line(text, true);
      }
      rest = last;
    }
  }
  yield* line(rest, false);
}

/** The prompts of a file that was checked. @throws with the line, where the file has been changed since */
export async function* readPrompts(path: string): AsyncGenerator<Prompt> {
  for await (const { number, text } of readLines(path)) {
    const prompt = promptSchema.safeParse(parse(text));
    if (!prompt.success) {
      throw new Error(`${path}:${number} was changed while the job ran, and is no prompt now. Mend that line.`);
    }
    yield prompt.data;
  }
}

/** The ids of all prompts, or what is wrong with the file, so that nothing is sent of a file that is half good. */
export async function checkPrompts(path: string): Promise<{ ids: Set<string>; problems: string[] }> {
  const ids = new Set<string>();
  const problems: string[] = [];
  for await (const { number, text } of readLines(path)) {
    const prompt = promptSchema.safeParse(parse(text));
    if (!prompt.success) {
      const why = parse(text) === undefined ? 'not JSON' : z.prettifyError(prompt.error).replaceAll(/\s*\n\s*/g, ' ');
      problems.push(`${path}:${number}: ${why}`);
    } else if (ids.has(prompt.data.id)) {
      problems.push(`${path}:${number}: the id "${prompt.data.id}" is there twice`);
    } else {
      ids.add(prompt.data.id);
    }
  }
  return { ids, problems };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
