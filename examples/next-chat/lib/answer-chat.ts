import {
  convertToModelMessages,
  createUIMessageStreamResponse,
  safeValidateUIMessages,
  streamText,
  toUIMessageStream,
  type ToolSet,
} from 'ai';
import type { KimiLanguageModelOptions, KimiProvider } from 'ai-sdk-provider-kimi/v4';
import { z } from 'zod';
import type { ChatMessage } from './chat-message';
import { explainError } from './explain-error';
import { modelChoices } from './model-choices';
import { crossSite, isSameOrigin } from './same-origin';

const chatSchema = z.object({
  id: z.string().regex(/^[\w-]{1,64}$/),
  model: z.string().max(100),
  effort: z.string().max(20),
  messages: z.unknown(),
});

/** Answers a `useChat` request; the same on both runtimes. */
export async function answerChat(
  request: Request,
  kimi: KimiProvider,
  { usesSignIn }: { usesSignIn: boolean },
): Promise<Response> {
  if (!isSameOrigin(request)) {
    return crossSite();
  }
  const input = chatSchema.safeParse(await request.json().catch(() => undefined));
  const messages = input.success
    ? await safeValidateUIMessages<ChatMessage>({ messages: input.data.messages })
    : undefined;
  if (!input.success || !messages?.success) {
    return new Response('This chat cannot be read. Start a new one.', { status: 400 });
  }
  const { id, model, effort } = input.data;

  try {
    const choice = (await modelChoices(kimi)).find(each => each.id === model);
    if (!choice?.efforts.includes(effort)) {
      return new Response(`Your account has no model "${model}" with effort "${effort}". Choose another one.`, {
        status: 400,
      });
    }
    const result = streamText({
      model: kimi(model),
      messages: await convertToModelMessages(messages.data),
      abortSignal: request.signal,
      providerOptions: { kimi: { promptCacheKey: id, reasoningEffort: effort } satisfies KimiLanguageModelOptions },
      onError: ({ error }) => console.error('chat:', error instanceof Error ? error.message : error),
    });

    let thinkingSince = 0;
    let thoughtFor = 0;
    const stream = toUIMessageStream<ToolSet, ChatMessage>({
      stream: result.stream,
      sendReasoning: true,
      onError: error => explainError(error, usesSignIn),
      messageMetadata({ part }) {
        if (part.type === 'reasoning-start') {
          thinkingSince = Date.now();
        } else if (part.type === 'reasoning-end') {
          thoughtFor += Date.now() - thinkingSince;
          return { thoughtSeconds: Math.max(1, Math.round(thoughtFor / 1000)) };
        }
        return undefined;
      },
    });
    return createUIMessageStreamResponse({ stream });
  } catch (error) {
    console.error('chat:', error instanceof Error ? error.message : error);
    return new Response(explainError(error, usesSignIn), { status: 502 });
  }
}
