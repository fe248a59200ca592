import { describe, expect, it } from 'vitest';
import { KimiNoSuchModelError, KimiUnsupportedProtocolError } from '../../src/errors/kimi-error';
import { knownModel } from '../../src/models/known-models';
import { wireOf } from '../../src/models/model-info';
import { nearestId, resolveModel, usableModel, type KnownModels } from '../../src/models/resolve-model';
import { parseModelList } from '../../src/models/model-list';

const list = (...entries: unknown[]): KnownModels => ({
  models: parseModelList({ data: entries }, 'coding') ?? [],
  source: 'server',
});
const k25 = list({ id: 'k2p5', context_length: 262_144, supports_thinking_type: 'both' });
const k3 = list(
  {
    id: 'k3',
    context_length: 1_048_576,
    supports_thinking_type: 'only',
    think_efforts: { support: true, valid_efforts: ['low', 'high', 'max'], default_effort: 'max' },
  },
  { id: 'kimi-for-coding', context_length: 262_144 },
  { id: 'k3-messages', context_length: 262_144, protocol: 'anthropic' },
  { id: 'k3-responses', context_length: 262_144, protocol: 'response' },
);

describe('resolveModel', () => {
  it.each([
    ['an id the account lists', 'k3', k3, 'k3', 'resolved', 'sent as it is'],
    ['the alias where it is listed', 'kimi-for-coding', k3, 'kimi-for-coding', 'resolved', 'sent as it is'],
    ['the alias where it is not: the first entry', 'kimi-for-coding', k25, 'k2p5', 'resolved', 'the first one is sent'],
    ['auto: the first entry', 'auto', k3, 'k3', 'resolved', "server's default"],
    ['an id without a list', 'k3', undefined, 'k3', 'resolved', 'not known yet'],
    ['auto without a list', 'auto', undefined, 'kimi-for-coding', 'resolved', 'not known yet'],
    ['an empty list, which says nothing', 'k3', list(), 'k3', 'resolved', 'not known yet'],
    ['an id the account lacks', 'kimi-k3', k3, 'kimi-k3', 'unknown', 'The nearest it has is "k3"'],
    ['an id near nothing', 'gpt-oss-120b', k3, 'gpt-oss-120b', 'unknown', 'The account has no model "gpt-oss-120b".'],
    ['the Anthropic wire', 'k3-messages', k3, 'k3-messages', 'resolved', 'sent as it is'],
    ['another protocol', 'k3-responses', k3, 'k3-responses', 'unsupported', 'sent as it is'],
  ])('%s', (_, id, known, slug, outcome, why) => {
    expect(resolveModel(id, known, 'coding')).toMatchObject({
      id,
      slug,
      outcome,
      why: expect.stringContaining(why) as string,
    });
  });

  it('gives the capabilities of the slug, not of the alias', () => {
    const known = list({
      id: 'k4',
      context_length: 2_000_000,
      supports_thinking_type: 'only',
      think_efforts: { support: true, valid_efforts: ['low', 'ultra'], default_effort: 'ultra' },
      supports_video_in: false,
    });
    expect(resolveModel('kimi-for-coding', known, 'coding').capabilities).toMatchObject({
      id: 'k4',
      contextLength: 2_000_000,
      thinking: 'only',
      efforts: ['low', 'ultra'],
      videoInput: false,
    });
  });

  it('has no alias on the platform', () => {
    expect(resolveModel('kimi-for-coding', k25, 'platform').outcome).toBe('unknown');
    expect(resolveModel('auto', undefined, 'platform').slug).toBe('kimi-k3');
  });
});

describe('usableModel', () => {
  it('names what the account has for an id it lacks', () => {
    const action = () => usableModel(resolveModel('kimi-k3', k3, 'coding'));
    expect(action).toThrow(
      'The account has no model "kimi-k3". The nearest it has is "k3". Use one of: k3, kimi-for-coding, k3-messages.',
    );
    expect(action).toThrow(KimiNoSuchModelError);
  });

  it.each(['', ' ', '\n'])('has nothing near to the blank id %j', id => {
    expect(resolveModel(id, k3, 'coding').why).not.toContain('nearest');
  });

  it('keeps an id with a line break on one line', () => {
    expect(() => usableModel(resolveModel('k3\nx', k3, 'coding'))).toThrow(
      /^The account has no model "k3\\nx".* --explain "k3\\nx"$/,
    );
  });

  it('names what can be used for a protocol without an engine', () => {
    const action = () => usableModel(resolveModel('k3-responses', k3, 'coding'));
    expect(action).toThrow(
      'Kimi serves "k3-responses" on the protocol "response", which this package does not speak. Use one of: ' +
        'k3, kimi-for-coding, k3-messages. Or try whether it is served on another one, too: ' +
        "protocol: { 'k3-responses': 'chat' } in the settings, or 'messages'.",
    );
    expect(action).toThrow(KimiUnsupportedProtocolError);
  });

  it('takes the word of who names a wire', () => {
    expect(usableModel(resolveModel('k3-responses', k3, 'coding'), 'messages').id).toBe('k3-responses');
  });

  it.each([
    ['k3', 'auto', 'chat'],
    ['k3-messages', 'auto', 'messages'],
    ['k3-messages', 'chat', 'chat'],
    ['k3', 'messages', 'messages'],
  ] as const)('sends %s with %s by %s', (id, asked, wire) => {
    expect(wireOf(usableModel(resolveModel(id, k3, 'coding')), asked)).toBe(wire);
  });
});

describe('parseModelList', () => {
  it('keeps the order, and one bad entry spoils nothing', () => {
    const models = parseModelList(
      {
        data: [
          { id: 'b', context_length: -1 },
          null,
          { id: 7 },
          { id: '' },
          'x',
          { id: 'a', think_efforts: 'no', protocol: 5 },
          { id: 'b', context_length: 9 },
        ],
      },
      'coding',
    );
    expect(models?.map(({ id }) => id)).toEqual(['b', 'a']);
    expect(models?.[0]?.contextLength).toBe(262_144);
  });

  it.each([[undefined], [null], [[]], [{}], [{ data: {} }], ['<html>']])('knows that %j is no list', body => {
    expect(parseModelList(body, 'coding')).toBeUndefined();
  });

  it.each([
    ['only', { supports_thinking_type: 'only' }, 'only'],
    ['the newer field before the legacy one', { supports_thinking_type: 'no', supports_reasoning: true }, 'no'],
    ['the legacy field', { supports_reasoning: false }, 'no'],
    ['an unknown word as absent', { supports_thinking_type: 'sometimes', supports_reasoning: true }, 'both'],
  ])('reads the thinking type: %s', (_, fields, thinking) => {
    expect(parseModelList({ data: [{ id: 'm', ...fields }] }, 'coding')?.[0]?.thinking).toBe(thinking);
  });

  it('does not take from the legacy field that an always-thinking model can stop', () => {
    const models = parseModelList(
      { data: ['kimi-k2-thinking', 'kimi-k3', 'kimi-k2.6'].map(id => ({ id, supports_reasoning: true })) },
      'platform',
    );
    expect(models?.map(({ thinking }) => thinking)).toEqual(['only', 'only', 'both']);
  });

  it('ignores efforts unless they are supported, and takes the table where the server says nothing', () => {
    const efforts = { valid_efforts: ['low'], default_effort: 'low' };
    expect(
      parseModelList({ data: [{ id: 'k3', think_efforts: { support: false, ...efforts } }] }, 'coding')?.[0],
    ).not.toHaveProperty('efforts');
    expect(parseModelList({ data: [{ id: 'k3' }] }, 'coding')?.[0]).toMatchObject({
      efforts: ['low', 'high', 'max'],
      defaultEffort: 'max',
    });
  });

  it('lets the server win over the table', () => {
    expect(
      parseModelList(
        {
          data: [
            {
              id: 'k3',
              context_length: 5,
              supports_image_in: false,
              supports_tool_use: false,
              supports_dynamic_tools: true,
              display_name: 'New',
            },
          ],
        },
        'coding',
      )?.[0],
    ).toMatchObject({
      contextLength: 5,
      imageInput: false,
      toolUse: false,
      dynamicTools: true,
      displayName: 'New',
    });
  });
});

describe('knownModel', () => {
  it.each([
    ['moonshot-v1-8k', 8_192],
    ['moonshot-v1-32k-vision-preview', 32_768],
    ['moonshot-v1-128k', 131_072],
    ['moonshot-v1-auto', 131_072],
  ])('%s has the window that its name says', (id, contextLength) => {
    expect(knownModel(id, 'platform')).toMatchObject({
      contextLength,
      thinking: 'no',
      sampling: 'free',
      imageInput: id.includes('vision'),
    });
  });
});

describe('nearestId', () => {
  it.each([
    ['Kimi-K3', ['kimi-for-coding', 'k3', 'k3-256k'], 'k3'],
    ['kimi_for_codeing', ['k3', 'kimi-for-coding'], 'kimi-for-coding'],
    ['kimi-k2.7', ['kimi-k2.6', 'kimi-k2.7-code'], 'kimi-k2.6'],
    ['gpt-5', ['k3', 'kimi-for-coding'], undefined],
    ['x', [], undefined],
  ])('%s of %j is %s', (id, candidates, nearest) => {
    expect(nearestId(id, candidates)).toBe(nearest);
  });
});
