import { kimi } from 'ai-sdk-provider-kimi/v4';
import { answerChat } from '@/lib/answer-chat';

/** Uses the login of the sign-in page, or KIMI_API_KEY where that is set. */
export function POST(request: Request): Promise<Response> {
  return answerChat(request, kimi, { usesSignIn: !process.env.KIMI_API_KEY });
}
