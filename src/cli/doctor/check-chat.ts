import type { KimiProviderV4 } from '../../provider/kimi-provider-v4';
import { describeFailure } from '../describe-failure';
import type { Check } from './check';

/** Whether Kimi lets this client chat: one short question, which counts against the plan. */
export async function checkChat(kimi: KimiProviderV4, modelId: string, abortSignal: AbortSignal): Promise<Check> {
  try {
    const { stream } = await kimi(modelId).doStream({
      prompt: [{ role: 'user', content: [{ type: 'text', text: 'Answer with the word ok.' }] }],
      providerOptions: { kimi: { reasoningEffort: 'off' } },
      abortSignal,
    });
    let isAnswered = false;
    for await (const part of stream as typeof stream & AsyncIterable<{ type: string; error?: unknown }>) {
      if (part.type === 'error') {
        throw part.error;
      }
      isAnswered ||= part.type === 'text-delta' || part.type === 'reasoning-delta';
    }
    return isAnswered
      ? { name: 'Chat', state: 'ok', detail: `${modelId} answers` }
      : {
          name: 'Chat',
          state: 'failure',
          detail: `${modelId} gave an empty answer`,
          fix: 'Try again, or another model.',
        };
  } catch (error) {
    abortSignal.throwIfAborted();
    // The message says what to do.
    return { name: 'Chat', state: 'failure', detail: describeFailure(error).message };
  }
}
