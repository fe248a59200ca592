import { kimi } from 'ai-sdk-provider-kimi/v4';
import { FALLBACK_MODELS, modelChoices } from '@/lib/model-choices';

export const dynamic = 'force-dynamic';

export async function GET(): Promise<Response> {
  // Without a login there is nobody to ask; the chat itself then says what is wrong.
  return Response.json(await modelChoices(kimi).catch(() => FALLBACK_MODELS));
}
