import { generateText } from 'ai';
import { kimi, type KimiLanguageModelOptions } from 'ai-sdk-provider-kimi/v4';

const prompt = 'Is 2027 a prime number?';

// The same for every model of every provider: Kimi gets its nearest level, with a warning where there is none.
const quick = await generateText({ model: kimi('kimi-for-coding'), prompt, reasoning: 'none' });
console.log(`without thinking:  ${quick.text}`);

// The levels of the model itself: `low`, `high` and `max` for k3.
const efforts = (await kimi.explain('k3')).capabilities?.efforts ?? [];
for (const effort of efforts) {
  const { text, usage } = await generateText({
    model: kimi('k3'),
    prompt,
    providerOptions: { kimi: { reasoningEffort: effort } satisfies KimiLanguageModelOptions },
  });
  console.log(`k3, ${effort}: ${text} (${usage.outputTokens} tokens, with those of its thinking)`);
}
