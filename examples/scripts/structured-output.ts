import { Output, streamText } from 'ai';
import { kimi } from 'ai-sdk-provider-kimi/v4';
import { z } from 'zod';

const recipe = z.object({
  name: z.string(),
  minutes: z.number(),
  ingredients: z.array(z.object({ name: z.string(), grams: z.number() })),
});

const result = streamText({
  model: kimi('kimi-for-coding'),
  output: Output.object({ schema: recipe }),
  prompt: 'A quick bread.',
  onError({ error }) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
});

for await (const partial of result.partialOutputStream) {
  process.stderr.write(`\r${partial.ingredients?.length ?? 0} ingredients`);
}
process.stderr.write('\n');

const { name, minutes, ingredients } = await result.output;
console.log(`${name}, ${minutes} minutes`);
ingredients.forEach(ingredient => console.log(`- ${ingredient.grams} g ${ingredient.name}`));
