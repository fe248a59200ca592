import { generateText } from 'ai';
import { createKimi, type KimiProvider } from 'ai-sdk-provider-kimi/v4';

/** What your app does. Tests give it a provider of their own. */
export async function summarize(article: string, kimi: KimiProvider = createKimi()): Promise<string> {
  const { text } = await generateText({
    model: kimi('kimi-for-coding'),
    instructions: 'One sentence.',
    prompt: article,
  });
  return text.trim();
}
