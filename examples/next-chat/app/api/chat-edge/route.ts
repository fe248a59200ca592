import { createKimi } from 'ai-sdk-provider-kimi/v4';
import { answerChat } from '@/lib/answer-chat';

export const runtime = 'edge';

// Edge has no keychain and no files, so it needs a key. Its variable is its own: KIMI_API_KEY would also
// replace the login of the sign-in page in the Node route. Where KIMI_API_KEY is set, both use that.
const apiKey = process.env.KIMI_EDGE_API_KEY;
const kimi = createKimi(apiKey ? { apiKey } : {});

export function POST(request: Request): Promise<Response> {
  return answerChat(request, kimi, { usesSignIn: false });
}
