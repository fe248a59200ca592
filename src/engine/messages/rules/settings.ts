import type { BodyRule } from '../../request/body';
import { blocksOf, extend, wireMessages, type ContentBlock } from '../messages-body';

/** What the official client asks for where it knows no window (docs/wire.md#anthropic-body). */
const UNKNOWN_LIMIT = 128_000;

export const maxTokens: BodyRule = {
  name: 'max-tokens',
  summary:
    'The limit of the output goes as `max_tokens`, which this wire must have: 128,000 where there is none, with a ' +
    'warning where that was asked for.',
  source: 'docs/wire.md#anthropic-body',
  apply(body, call, warn) {
    const limit = body.max_completion_tokens ?? body.max_tokens;
    delete body.max_completion_tokens;
    body.max_tokens = limit ?? Math.min(UNKNOWN_LIMIT, call.model.contextLength);
    if (limit === undefined && call.options.outputLimit === 'server-default') {
      warn({
        type: 'compatibility',
        feature: 'outputLimit',
        details: `This wire takes no request without a limit; ${String(body.max_tokens)} tokens were asked for.`,
      });
    }
  },
};

export const outputFormat: BodyRule = {
  name: 'output-format',
  summary:
    'A schema for the answer goes as `output_config.format`; JSON without a schema is asked for in the system prompt.',
  source: 'docs/wire.md#anthropic-body, #response-format',
  apply(body) {
    const format = body.response_format as { type: string; json_schema?: { schema: unknown } } | undefined;
    if (format === undefined) {
      return;
    }
    delete body.response_format;
    if (format.json_schema !== undefined) {
      extend(body, 'output_config', { format: { type: 'json_schema', schema: format.json_schema.schema } });
      return;
    }
    const told = { type: 'text', text: 'You MUST answer with a JSON object and nothing else.' };
    body.system = [...blocksOf(body.system), told];
  },
};

export const stopSequences: BodyRule = {
  name: 'stop-sequences',
  summary: '`stop` goes as `stop_sequences`.',
  source: 'docs/wire.md#anthropic-answers: `stop_sequence` is a stop reason',
  apply(body) {
    if (body.stop !== undefined) {
      body.stop_sequences = [body.stop].flat();
      delete body.stop;
    }
  },
};

export const cacheAffinity: BodyRule = {
  name: 'cache-affinity',
  summary: 'The cache key goes as `metadata.user_id`.',
  source: 'docs/wire.md#anthropic-body: the session, for the cache',
  apply(body) {
    const { prompt_cache_key: key } = body;
    delete body.prompt_cache_key;
    if (key !== undefined) {
      body.metadata = { user_id: key };
    }
  },
};

/** Fields of a request on this wire. */
const FIELDS = new Set([
  'model',
  'messages',
  'system',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'context_management',
  'metadata',
  'max_tokens',
  'stop_sequences',
  'temperature',
  'top_p',
  'top_k',
  'stream',
]);

export const knownFields: BodyRule = {
  name: 'known-fields',
  summary: 'Fields that this wire does not have are left out, of the request and of its messages, with a warning.',
  source: 'docs/wire.md#anthropic-body, #anthropic-roles',
  apply(body, _call, warn) {
    const left = Object.keys(body).filter(field => body[field] !== undefined && !FIELDS.has(field));
    Object.keys(body)
      .filter(field => !FIELDS.has(field))
      .forEach(field => delete body[field]);
    for (const message of wireMessages(body)) {
      for (const field of Object.keys(message).filter(name => name !== 'role' && name !== 'content')) {
        left.push(`messages.${field}`);
        delete message[field];
      }
    }
    for (const field of new Set(left)) {
      warn({
        type: 'unsupported',
        feature: field,
        details: 'The Anthropic wire does not have it; it was not sent. It is sent with the setting protocol: "chat".',
      });
    }
  },
};

export const cacheControl: BodyRule = {
  name: 'cache-control',
  summary:
    'The system prompt, the last tool and the last block that can be cached are marked for the cache, as the ' +
    'official client marks them.',
  source: 'docs/wire.md#anthropic-caching',
  apply(body) {
    const last = wireMessages(body).at(-1);
    if (last !== undefined && typeof last.content === 'string') {
      last.content = blocksOf(last.content);
    }
    const blocks = blocksOf(last?.content);
    for (const marked of [
      blocksOf(body.system).at(-1),
      (body.tools as unknown as ContentBlock[] | undefined)?.at(-1),
      blocks.findLast(({ type }) => type !== 'thinking' && type !== 'redacted_thinking'),
    ]) {
      if (marked !== undefined) {
        marked.cache_control = { type: 'ephemeral' };
      }
    }
  },
};
