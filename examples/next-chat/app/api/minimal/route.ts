import {
  convertToModelMessages,
  createUIMessageStreamResponse,
  streamText,
  toUIMessageStream,
  type UIMessage,
} from 'ai';
import { kimi } from 'ai-sdk-provider-kimi/v4';

/**
 * The least that `useChat` needs. Other sites cannot send JSON here; put your own authentication before it where others
 * can reach it.
 */
export async function POST(request: Request): Promise<Response> {
  if (request.headers.get('content-type') !== 'application/json') {
    return new Response(null, { status: 415 });
  }
  const { id, messages } = (await request.json()) as { id: string; messages: UIMessage[] };
  const result = streamText({
    model: kimi('kimi-for-coding'),
    messages: await convertToModelMessages(messages),
    abortSignal: request.signal,
    providerOptions: { kimi: { promptCacheKey: id } },
  });
  const stream = toUIMessageStream({
    stream: result.stream,
    onError: error => (error instanceof Error ? error.message : String(error)),
  });
  return createUIMessageStreamResponse({ stream });
}
