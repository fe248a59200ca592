import { user, type BodyRuleCase } from './body-rule-case';
import { hugeSchema } from './tool-cases';

const json = (schema: object, rest: object = {}) => ({
  type: 'json_schema',
  json_schema: { name: 'response', strict: true, schema, ...rest },
});
const person = {
  type: 'object',
  properties: { name: { type: 'string' } },
  required: ['name'],
  additionalProperties: false,
};

/** Rules of everything else: the model, thinking, and what follows the messages. */
export const SETTING_CASES: Record<string, BodyRuleCase[]> = {
  'model-slug': [
    { title: 'an alias', body: { model: 'kimi-for-coding' }, call: { modelId: 'k2p5' }, expected: { model: 'k2p5' } },
  ],
  thinking: [
    {
      title: 'an effort for a model without a list',
      body: {},
      call: { effort: { value: 'high', argument: 'x' } },
      expected: { thinking: { type: 'enabled' }, reasoning_effort: 'high' },
    },
    {
      title: 'keep "all" with the kimi-code identity, at the default effort',
      body: {},
      call: { modelId: 'k3', keepsReasoningByDefault: true },
      expected: { thinking: { type: 'enabled', effort: 'max', keep: 'all' } },
    },
    {
      title: 'no keep when thinking is off',
      body: {},
      call: { options: { reasoningHistory: 'preserved' }, effort: { value: 'off', argument: 'x' } },
      expected: { thinking: { type: 'disabled' } },
    },
    {
      title: 'no keep by option, though the identity keeps',
      body: {},
      call: {
        options: { reasoningHistory: 'interleaved' },
        keepsReasoningByDefault: true,
        effort: { value: 'on', argument: 'x' },
      },
      expected: { thinking: { type: 'enabled' } },
    },
    {
      title: 'an unlisted level, with a warning',
      body: {},
      call: { modelId: 'k3', effort: { value: 'medium', argument: 'x' } },
      expected: { thinking: { type: 'enabled', effort: 'high' } },
      warnings: [{ type: 'compatibility', feature: 'reasoning' }],
    },
    {
      title: 'a level of the future that the catalog lists',
      body: {},
      call: { modelId: 'k3', effort: { value: 'ultra', argument: 'x' }, changes: { efforts: ['low', 'ultra'] } },
      expected: { thinking: { type: 'enabled', effort: 'ultra' } },
    },
  ],
  'response-format': [
    {
      title: 'a schema of zod',
      body: {
        response_format: json({ $schema: 'http://json-schema.org/draft-07/schema#', ...person }, { name: 'a person' }),
      },
      expected: { response_format: json(person, { name: 'a_person' }) },
    },
    {
      title: 'not to the letter',
      body: { response_format: json(person, { description: 'd' }) },
      call: { options: { strictJsonSchema: false } },
      expected: { response_format: json(person, { description: 'd', strict: false }) },
    },
    {
      title: 'too large: told in the system message',
      body: { messages: [{ role: 'system', content: 'Be brief.' }, user], response_format: json(hugeSchema(150)) },
      expected: {
        messages: [
          {
            role: 'system',
            content:
              `Be brief.\n\nJSON schema:\n${JSON.stringify(hugeSchema(150))}\nYou MUST answer with a JSON value ` +
              'that matches the JSON schema above.',
          },
          user,
        ],
        response_format: { type: 'json_object' },
      },
      warnings: [{ type: 'compatibility', feature: 'responseFormat' }],
    },
    {
      title: 'no object: told in a system message of its own',
      body: { messages: [user], response_format: json({ type: 'string' }) },
      expected: {
        messages: [
          {
            role: 'system',
            content:
              'JSON schema:\n{"type":"string"}\nYou MUST answer with a JSON value that matches the JSON schema above.',
          },
          user,
        ],
        response_format: { type: 'json_object' },
      },
      warnings: [{ type: 'compatibility', feature: 'responseFormat' }],
    },
  ],
  'drop-refused-settings': [
    {
      title: 'sampling of a fixed model',
      body: { temperature: 0.2, top_p: 0.5, presence_penalty: 1, frequency_penalty: 1, seed: 7 },
      expected: {},
      warnings: ['temperature', 'topP', 'frequencyPenalty', 'presencePenalty', 'seed'].map(feature => ({
        type: 'unsupported' as const,
        feature,
      })),
    },
    {
      title: 'no warning for the values that the model has anyway',
      body: { temperature: 1, top_p: 0.95, presence_penalty: 0 },
      expected: {},
    },
    {
      title: 'the temperature of thinking, while it is off',
      body: { temperature: 1, thinking: { type: 'disabled' } },
      expected: { thinking: { type: 'disabled' } },
      warnings: [{ type: 'unsupported', feature: 'temperature' }],
    },
    {
      title: 'only the seed of a free model',
      body: { temperature: 0.2, seed: 7 },
      call: { modelId: 'kimi-k2-turbo-preview', service: 'platform' },
      expected: { temperature: 0.2 },
      warnings: [{ type: 'unsupported', feature: 'seed' }],
    },
  ],
  'prompt-cache-key': [
    {
      title: 'the option',
      body: {},
      call: { options: { promptCacheKey: 'p' }, sessionId: 's' },
      expected: { prompt_cache_key: 'p' },
    },
    { title: 'the session header', body: {}, call: { sessionId: 's' }, expected: { prompt_cache_key: 's' } },
  ],
  'safety-identifier': [
    {
      title: 'on the platform',
      body: {},
      call: { service: 'platform', options: { safetyIdentifier: 'u' } },
      expected: { safety_identifier: 'u' },
    },
    {
      title: 'not on the coding service',
      body: {},
      call: { options: { safetyIdentifier: 'u' } },
      expected: {},
      warnings: [{ type: 'unsupported', feature: 'safetyIdentifier' }],
    },
  ],
  logprobs: [
    {
      title: 'on the platform',
      body: {},
      call: { service: 'platform', options: { logprobs: true } },
      expected: { logprobs: true },
    },
    {
      title: 'turned on by the number of the likeliest',
      body: {},
      call: { service: 'platform', options: { topLogprobs: 2 } },
      expected: { logprobs: true, top_logprobs: 2 },
    },
    {
      title: 'not on the coding service',
      body: {},
      call: { options: { logprobs: true } },
      expected: {},
      warnings: [{ type: 'unsupported', feature: 'logprobs' }],
    },
  ],
  prediction: [
    {
      title: 'on the platform',
      body: {},
      call: { service: 'platform', options: { prediction: { type: 'content', content: 'x' } } },
      expected: { prediction: { type: 'content', content: 'x' } },
    },
    {
      title: 'not on the coding service',
      body: {},
      call: { options: { prediction: { type: 'content', content: 'x' } } },
      expected: {},
      warnings: [{ type: 'unsupported', feature: 'prediction' }],
    },
  ],
  'message-size': [
    {
      title: 'more than the server takes',
      body: { messages: [{ role: 'user', content: 'é'.repeat(1_048_576) }] },
      throws: /have 2097\d+ bytes/,
    },
    {
      title: 'a window that holds more',
      body: { messages: [{ role: 'user', content: 'x'.repeat(2_097_152) }] },
      call: { modelId: 'k3' },
      expected: { messages: [{ role: 'user', content: 'x'.repeat(2_097_152) }] },
      warnings: [{ type: 'other' }],
    },
  ],
  'max-completion-tokens': [
    { title: 'a limit', body: { max_tokens: 5_000 }, expected: { max_completion_tokens: 5_000 } },
    {
      title: 'a limit that leaves no room to think',
      body: { max_tokens: 100 },
      expected: { max_completion_tokens: 100 },
      warnings: [{ type: 'compatibility', feature: 'maxOutputTokens' }],
    },
    {
      title: 'a small limit without thinking',
      body: { max_tokens: 100, thinking: { type: 'disabled' } },
      expected: { thinking: { type: 'disabled' }, max_completion_tokens: 100 },
    },
    {
      // [{"role":"user","content":"hello"}] has 35 characters, so 9 tokens, and 1,024 are kept apart.
      title: 'the rest of the window',
      body: { messages: [user] },
      call: { options: { outputLimit: 'window' } },
      expected: { messages: [user], max_completion_tokens: 262_144 - 1_024 - 9 },
    },
    {
      // 76 ASCII characters and 4 others are 23, and the picture counts 2,000.
      title: 'the rest of the window beside media and other scripts',
      body: {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: '你好吗😀' },
              { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(4_000)}` } },
            ],
          },
        ],
      },
      call: { options: { outputLimit: 'window' } },
      expected: {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: '你好吗😀' },
              { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(4_000)}` } },
            ],
          },
        ],
        max_completion_tokens: 262_144 - 1_024 - 2_000 - 23,
      },
    },
  ],
};
