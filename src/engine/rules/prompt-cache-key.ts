import type { BodyRule } from '../body-rule';

export const promptCacheKey: BodyRule = {
  name: 'prompt-cache-key',
  summary: '`promptCacheKey`, else the session id that opencode sends as a header, goes as `prompt_cache_key`.',
  source:
    'wire.md 6.1 (captured): the official clients send the session id on every request; header names from clients.md 4',
  appliesTo: call => (call.options.promptCacheKey ?? call.sessionId) !== undefined,
  apply(body, call) {
    body.prompt_cache_key = call.options.promptCacheKey ?? call.sessionId;
  },
};
