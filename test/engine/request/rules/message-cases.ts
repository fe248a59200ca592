import { asking, calls, result, user, type BodyRuleCase } from './body-rule-case';

const INTERRUPTED =
  'Tool result is not available in the current context. Do not assume the tool completed successfully.';

const image = (url: string) => ({ type: 'image_url', image_url: { url } });
const video = (url: string) => ({ type: 'video_url', video_url: { url } });
const look = { type: 'text', text: 'look' };
const PNG = 'data:image/png;base64,AAAA';
const audio = { type: 'unsupported_file', text: '', media_type: 'audio/wav' };

const SEARCH = { id: 'a', type: 'function' as const, function: { name: '$web_search', arguments: '{"x":1}' } };

/** Rules of `messages`, in the order in which they are applied. */
export const MESSAGE_CASES: Record<string, BodyRuleCase[]> = {
  media: [
    {
      title: 'audio of the user',
      body: { messages: [{ role: 'user', content: [look, audio] }] },
      throws: /audio\/wav.*takes images \(png, jpeg/,
    },
    {
      title: 'an http URL of the user',
      body: { messages: [{ role: 'user', content: [look, image('https://example.com/x.png')] }] },
      throws: /image by URL: Kimi takes data URLs and ms:\/\//,
    },
    {
      title: 'an svg image',
      body: { messages: [{ role: 'user', content: [look, image('data:image/svg+xml;base64,AA')] }] },
      throws: /image\/svg\+xml: .*png/,
    },
    {
      title: 'a video of no known type',
      body: { messages: [{ role: 'user', content: [look, video('data:video/ogg;base64,AA')] }] },
      throws: /video\/ogg: .*mp4/,
    },
    {
      title: 'an image for a model that sees none',
      body: { messages: [{ role: 'user', content: [look, image(PNG)] }] },
      call: { modelId: 'kimi-k2-turbo-preview', service: 'platform' },
      throws: /image input: kimi-k2-turbo-preview does not take images/,
    },
    {
      title: 'a video for a model that sees images only',
      body: { messages: [{ role: 'user', content: [look, video('ms://v')] }] },
      call: { modelId: 'k3-256k' },
      throws: /video input: k3-256k does not take videos/,
    },
    {
      title: 'audio and a URL in a tool result',
      body: { messages: [asking('a'), result('a', [look, audio, image('https://example.com/x.png'), image(PNG)])] },
      expected: {
        messages: [
          asking('a'),
          result('a', [
            look,
            { type: 'text', text: '[a file of type audio/wav left out]' },
            { type: 'text', text: '[image by URL left out: https://example.com/x.png]' },
            image(PNG),
          ]),
        ],
      },
      warnings: [
        { type: 'unsupported', feature: 'a file of type audio/wav' },
        { type: 'unsupported', feature: 'image by URL' },
      ],
    },
    {
      title: 'image/jpg',
      body: { messages: [{ role: 'user', content: [look, image('data:image/jpg;base64,AA')] }] },
      expected: { messages: [{ role: 'user', content: [look, image('data:image/jpeg;base64,AA')] }] },
    },
    {
      title: 'an image above 5 MiB',
      body: { messages: [{ role: 'user', content: [look, image(`data:image/png;base64,${'A'.repeat(7_200_000)}`)] }] },
      expected: {
        messages: [{ role: 'user', content: [look, image(`data:image/png;base64,${'A'.repeat(7_200_000)}`)] }],
      },
      warnings: [{ type: 'other', message: matching(/An image has 5400000 bytes/) }],
    },
  ],
  'drop-blank-text': [
    {
      title: 'blank parts, and one text alone as a string',
      body: {
        messages: [
          { role: 'user', content: [{ type: 'text', text: ' \n' }, look] },
          { role: 'user', content: [look, { type: 'text', text: '' }, image('ms://x')] },
        ],
      },
      expected: {
        messages: [
          { role: 'user', content: 'look' },
          { role: 'user', content: [look, image('ms://x')] },
        ],
      },
    },
    {
      title: 'blank messages of system and user',
      body: {
        messages: [{ role: 'system', content: '' }, user, { role: 'user', content: [{ type: 'text', text: ' ' }] }],
      },
      expected: { messages: [user] },
    },
    {
      title: 'an empty tool result',
      body: { messages: [asking('a', 'b'), result('a', ''), result('b', [])] },
      expected: {
        messages: [asking('a', 'b'), result('a', 'Tool output is empty.'), result('b', 'Tool output is empty.')],
      },
    },
    { title: 'nothing at all', body: { messages: [{ role: 'user', content: '  ' }] }, throws: /no text and no media/ },
  ],
  'tool-call-arguments': [
    {
      title: 'broken JSON, none, and good ones',
      body: {
        messages: [
          { ...asking(), tool_calls: withArguments('"{\\"city\\":"', '""', '{"a":1}') },
          result('0'),
          result('1'),
          result('2'),
        ],
      },
      expected: {
        messages: [
          { ...asking(), tool_calls: withArguments('{"city":', '{}', '{"a":1}') },
          result('0'),
          result('1'),
          result('2'),
        ],
      },
    },
  ],
  'omit-content-beside-tool-calls': [null, '', ' \n'].map(content => ({
    title: `content ${JSON.stringify(content)}`,
    body: { messages: [{ ...asking('a'), content }, result('a')] },
    expected: { messages: [asking('a'), result('a')] },
  })),
  'pair-tool-calls': [
    {
      title: "the arguments as the result of one of Kimi's own functions",
      body: { messages: [{ ...asking(), tool_calls: [SEARCH] }, result('a', 'ok')] },
      expected: { messages: [{ ...asking(), tool_calls: [SEARCH] }, result('a', '{"x":1}')] },
    },
    {
      title: 'a cancelled call, in the middle and at the end',
      body: { messages: [asking('a', 'b'), result('b'), user, asking('c')] },
      expected: {
        messages: [
          asking('a', 'b'),
          result('a', INTERRUPTED),
          result('b'),
          user,
          asking('c'),
          result('c', INTERRUPTED),
        ],
      },
    },
    {
      title: 'an orphan, and a second result',
      body: { messages: [result('x'), user, asking('a'), result('a', '1'), result('a', '2')] },
      expected: { messages: [user, asking('a'), result('a', '1')] },
      warnings: [
        { type: 'other', message: matching(/no earlier tool call has the id "x"/) },
        { type: 'other', message: matching(/"a"/) },
      ],
    },
    {
      title: 'a result that came late, and one in the wrong order',
      body: { messages: [asking('a', 'b'), result('b'), user, result('a')] },
      expected: { messages: [asking('a', 'b'), result('a'), result('b'), user] },
    },
  ],
  'tool-call-ids': [
    {
      title: 'ids of native form, the same in two turns',
      body: {
        messages: [
          asking('functions.f:0'),
          result('functions.f:0', '1'),
          asking('functions.f:0'),
          result('functions.f:0', '2'),
        ],
      },
      expected: {
        messages: [
          asking('functions_f_0'),
          result('functions_f_0', '1'),
          asking('functions_f_0_2'),
          result('functions_f_0_2', '2'),
        ],
      },
    },
    {
      title: 'ids that become the same, twice the same, empty, and too long',
      body: {
        messages: [
          asking('a:1', 'a.1', 'a_1', 'b', 'b', ''),
          ...['a:1', 'a.1', 'a_1', 'b', 'b', ''].map(id => result(id)),
          asking(`${'x'.repeat(64)}1`),
          result(`${'x'.repeat(64)}1`),
          asking('x'.repeat(64)),
          result('x'.repeat(64)),
        ],
      },
      expected: {
        messages: [
          asking('a_1', 'a_1_2', 'a_1_3', 'b', 'b_2', 'tool_call'),
          ...['a_1', 'a_1_2', 'a_1_3', 'b', 'b_2', 'tool_call'].map(id => result(id)),
          asking('x'.repeat(64)),
          result('x'.repeat(64)),
          asking(`${'x'.repeat(62)}_2`),
          result(`${'x'.repeat(62)}_2`),
        ],
      },
    },
  ],
  'message-name': [
    {
      title: 'a name on the coding service',
      body: { messages: [{ ...user, name: 'Ada' }] },
      expected: { messages: [user] },
      warnings: [{ type: 'unsupported', feature: 'message name' }],
    },
  ],
  partial: [
    {
      title: 'the option',
      body: { messages: [user, { role: 'assistant', content: '{' }] },
      call: { service: 'platform', modelId: 'kimi-k2-turbo-preview', options: { partial: true } },
      expected: { messages: [user, { role: 'assistant', content: '{', partial: true }] },
    },
    {
      title: 'on the coding service',
      body: { messages: [user, { role: 'assistant', content: '{', partial: true }] },
      expected: { messages: [user, { role: 'assistant', content: '{' }] },
      warnings: [{ type: 'unsupported', feature: 'partial' }],
    },
    {
      title: 'no assistant message at the end',
      body: { messages: [user] },
      call: { service: 'platform', options: { partial: true } },
      throws: /ends with an assistant message/,
    },
    {
      title: 'not the last message',
      body: { messages: [{ role: 'assistant', content: 'a', partial: true }, user] },
      call: { service: 'platform' },
      throws: /belongs to the last message/,
    },
    {
      title: 'with JSON output',
      body: {
        messages: [user, { role: 'assistant', content: '{', partial: true }],
        response_format: { type: 'json_object' },
      },
      call: { service: 'platform' },
      throws: /cannot go with JSON output/,
    },
  ],
  'drop-empty-assistant': [
    {
      title: 'no text, no reasoning, no calls',
      body: {
        messages: [
          user,
          { role: 'assistant', content: '' },
          { role: 'assistant', content: ' ', reasoning_content: '' },
          { role: 'assistant', content: '', reasoning_content: 'r' },
        ],
      },
      expected: { messages: [user, { role: 'assistant', content: '', reasoning_content: 'r' }] },
    },
  ],
  'replay-reasoning-content': [
    {
      title: 'a space for the coding endpoint without keep',
      body: { messages: [{ role: 'assistant', content: 'x', tool_calls: calls('a') }, result('a')] },
      expected: {
        messages: [{ role: 'assistant', content: 'x', tool_calls: calls('a'), reasoning_content: ' ' }, result('a')],
      },
    },
    {
      title: 'the empty string on every assistant message with keep "all"',
      body: { messages: [{ role: 'assistant', content: 'x' }], thinking: { type: 'enabled', keep: 'all' } },
      call: { options: { reasoningHistory: 'preserved' }, effort: { value: 'on', argument: 'x' } },
      expected: {
        messages: [{ role: 'assistant', content: 'x', reasoning_content: '' }],
        thinking: { type: 'enabled', keep: 'all' },
      },
    },
    {
      title: 'a space on the platform, also with keep "all"',
      body: { messages: [{ role: 'assistant', content: 'x' }], thinking: { type: 'enabled', keep: 'all' } },
      call: { service: 'platform', options: { reasoningHistory: 'preserved' }, effort: { value: 'on', argument: 'x' } },
      expected: {
        messages: [{ role: 'assistant', content: 'x', reasoning_content: ' ' }],
        thinking: { type: 'enabled', keep: 'all' },
      },
    },
    {
      title:
        'after a switch from a model that does not think, only where it must be; empty reasoning in the form ' +
        'the platform takes',
      body: {
        messages: [
          { role: 'assistant', content: 'x' },
          { role: 'assistant', content: 'y', reasoning_content: '' },
          { role: 'assistant', content: 'z', tool_calls: calls('a') },
          result('a'),
        ],
      },
      call: { service: 'platform', modelId: 'kimi-k2.6' },
      expected: {
        messages: [
          { role: 'assistant', content: 'x' },
          { role: 'assistant', content: 'y', reasoning_content: ' ' },
          { role: 'assistant', content: 'z', tool_calls: calls('a'), reasoning_content: ' ' },
          result('a'),
        ],
      },
    },
  ],
};

function withArguments(...texts: string[]) {
  return texts.map((text, index) => ({
    id: String(index),
    type: 'function' as const,
    function: { name: 'f', arguments: text },
  }));
}

/** A message that must match; an asymmetric matcher in the type of the text that it stands for. */
function matching(pattern: RegExp): string {
  return {
    asymmetricMatch: (text: unknown) => pattern.test(String(text)),
    toString: () => String(pattern),
  } as unknown as string;
}
