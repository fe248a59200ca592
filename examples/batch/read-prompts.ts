import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';

const promptSchema = z.strictObject({
  id: z.string().min(1),
  prompt: z.string().min(1),
  system: z.string().optional(),
  model: z.string().optional(),
  effort: z.string().optional(),
});

export type Prompt = z.infer<typeof promptSchema>;

/** The lines of a JSONL file; blank ones are passed over. */
export async function* readLines(path: string): AsyncGenerator<{ number: number; text: string }> {
  let number = 0;
  for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    number += 1;
    if (text.trim() !== '') {
      yield { number, text: text.replace(/^\uFEFF/, '') };
    }
  }
}

export async function* readPrompts(path: string): AsyncGenerator<Prompt> {
  for await (const { text } of readLines(path)) {
    yield promptSchema.parse(JSON.parse(text));
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
