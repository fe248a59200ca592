import { NoSuchModelError } from '@ai-sdk/provider';
import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import * as root from '../../src/index';
import * as v2 from '../../src/v2';
import * as v3 from '../../src/v3';
import * as v4 from '../../src/v4';

const specifications = [
  ['.', root, undefined, 'v2'],
  ['/v2', v2, undefined, 'v2'],
  ['/v3', v3, 'v3', 'v3'],
  ['/v4', v4, 'v4', 'v4'],
] as const;

describe.each(specifications)('entry %s', (_, entry, providerSpecification, modelSpecification) => {
  const create: (settings?: object) => v3.KimiProvider = entry.createKimi as never;

  it('is callable and has the methods of a provider', () => {
    const kimi = create({ apiKey: 'k' });
    expect(kimi('k3').specificationVersion).toBe(modelSpecification);
    expect(kimi('k3').modelId).toBe('k3');
    expect(kimi('k3').provider).toBe('kimi.chat');
    expect((kimi as { specificationVersion?: string }).specificationVersion).toBe(providerSpecification);
    expect(kimi.languageModel('k3')).toBe(kimi('k3'));
    expect(kimi.chat('k3')).toBe(kimi('k3'));
    expect(kimi('k3')).not.toBe(kimi('kimi-for-coding'));
  });

  it('has no models of other kinds', () => {
    for (const method of ['embeddingModel', 'textEmbeddingModel', 'imageModel'] as const) {
      const error = catchError(() => create()[method]?.('x'));
      expect(NoSuchModelError.isInstance(error)).toBe(true);
    }
  });

  it('exports the default provider, the version and the errors', () => {
    expect(typeof entry.kimi).toBe('function');
    expect(entry.VERSION).toMatch(/^\d+\.\d+\.\d+/);
    expect(
      Object.keys(entry)
        .filter(name => name.endsWith('Error'))
        .toSorted(),
    ).toEqual(
      Object.keys(root)
        .filter(name => name.endsWith('Error'))
        .toSorted(),
    );
  });

  it('shows its name outside', () => {
    expect(create({ name: 'work' })('k3').provider).toBe('work.chat');
  });

  it('ignores settings it does not know, and takes wrong ones until a request is made', () => {
    expect(() =>
      create({ timeout: 300_000, setCacheKey: true, baseURL: 'no url', region: 'mars', identity: {} })('k3'),
    ).not.toThrow();
  });

  it('reads no environment and opens nothing at construction', () => {
    const read = vi.fn<(name: string | symbol) => void>();
    const environment = process.env;
    process.env = new Proxy(environment, {
      get(target, name) {
        read(name);
        return Reflect.get(target, name) as string | undefined;
      },
    });
    try {
      create()('k3');
    } finally {
      process.env = environment;
    }
    expect(read.mock.calls.filter(([name]) => /KIMI|MOONSHOT|HOME|XDG/.test(String(name)))).toEqual([]);
  });

  it('shows no key when inspected or serialised', () => {
    const kimi = create({ apiKey: 'sk-kimi-canary', headers: { 'x-secret': 'header-canary' } });
    const shown = [
      inspect(kimi, { depth: 12, showHidden: true }),
      inspect(kimi('k3'), { depth: 12, showHidden: true }),
      JSON.stringify(kimi('k3')),
    ].join('\n');
    expect(shown).not.toContain('canary');
  });
});

describe('the root entry', () => {
  it.each(['v2', 'v3', 'v4'] as const)('gives %s when asked', specificationVersion => {
    expect(root.createKimi({ specificationVersion } as never)('k3').specificationVersion).toBe(specificationVersion);
  });

  it.each(['v2', 'v4'] as const)(
    'gives opencode V3 through `create`, also when the options say %s',
    specificationVersion => {
      expect(root.create({ specificationVersion })('k3').specificationVersion).toBe('v3');
    },
  );

  it('names the allowed specification versions', () => {
    expect(() => root.createKimi({ specificationVersion: 'v1' } as never)).toThrow(
      `must be 'v2', 'v3' or 'v4', not "v1"`,
    );
  });
});

function catchError(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}
