import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = path.join(root, 'src');

/**
 * The floors, lowest first. A file imports from its own folder and from lower floors, never upwards; sideways only
 * where a row of `SIDEWAYS` says so. Files that lie directly in src/ count by their name.
 */
const FLOORS: readonly (readonly string[])[] = [
  ['version', 'upstream', 'errors', 'transport', 'hosts', 'json-schema'],
  ['api'],
  ['log'],
  ['account', 'endpoints', 'credentials', 'files', 'models', 'spec', 'stream', 'web'],
  ['auth', 'engine', 'identity'],
  ['platform'],
  ['provider'],
  ['common-exports'],
  ['index', 'v2', 'v3', 'v4', 'redis', 'credential-stores', 'tools', 'cli', 'pi', 'pi-extension', 'opencode'],
];

/** Importer to what it may import on its own floor. */
const SIDEWAYS: Readonly<Record<string, readonly string[]>> = {
  transport: ['errors'],
  cli: ['index', 'credential-stores'],
  'pi-extension': ['pi'],
  opencode: ['cli'],
};

/** Shares nothing with the provider but the vendor's strings. */
const APART: Readonly<Record<string, readonly string[]>> = {
  simulator: ['upstream', 'version'],
};

const EDGE_ENTRIES = ['index', 'v2', 'v3', 'v4'];

type Import = { from: string; to: string; line: string };

function sourceFiles(): string[] {
  return readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .map(name => name.replaceAll('\\', '/'));
}

/** Static, type-only and dynamic imports between files of src/, `#platform` being src/platform/node. */
function importsOf(file: string): Import[] {
  const text = readFileSync(path.join(source, file), 'utf8');
  return [...text.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)'((?:\.{1,2}\/[^']+|#platform))'/g)].map(
    ([line, target = '']) => ({
      from: file,
      to: target === '#platform' ? 'platform/node.ts' : `${path.posix.join(path.posix.dirname(file), target)}.ts`,
      line,
    }),
  );
}

function unitOf(file: string): string {
  return file.includes('/') ? (file.split('/')[0] ?? '') : file.replace(/\.ts$/, '');
}

function isAllowed(importer: string, imported: string): boolean {
  if (importer === imported) {
    return true;
  }
  if (importer in APART || imported in APART) {
    return (APART[importer] ?? []).includes(imported) || (importer === 'cli' && imported === 'simulator');
  }
  const from = FLOORS.findIndex(floor => floor.includes(importer));
  const to = FLOORS.findIndex(floor => floor.includes(imported));
  expect(from, `src/${importer} has no floor; give it one in this test and in AGENTS.md`).toBeGreaterThanOrEqual(0);
  expect(to, `src/${imported} has no floor; give it one in this test and in AGENTS.md`).toBeGreaterThanOrEqual(0);
  return to < from || (to === from && (SIDEWAYS[importer] ?? []).includes(imported));
}

function brokenLayers(imports: Import[]): string[] {
  return imports
    .filter(({ from, to }) => !isAllowed(unitOf(from), unitOf(to)))
    .map(({ from, to }) => `${from} -> ${to}`);
}

function firstCircle(imports: Import[]): string[] | undefined {
  const graph = Map.groupBy(imports, ({ from }) => from);
  const finished = new Set<string>();
  const visit = (file: string, trail: string[]): string[] | undefined => {
    if (trail.includes(file)) {
      return [...trail.slice(trail.indexOf(file)), file];
    }
    if (finished.has(file)) {
      return undefined;
    }
    for (const { to } of graph.get(file) ?? []) {
      const circle = visit(to, [...trail, file]);
      if (circle) {
        return circle;
      }
    }
    finished.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const circle = visit(file, []);
    if (circle) {
      return circle;
    }
  }
  return undefined;
}

describe('layers', () => {
  const imports = sourceFiles().flatMap(importsOf);

  it('reads the imports', () => {
    expect(imports.length).toBeGreaterThan(50);
    expect(imports.some(({ from, to }) => from === 'provider/load-platform.ts' && to === 'platform/node.ts')).toBe(
      true,
    );
  });

  it('has no arrow up and none sideways that is not listed', () => {
    expect(brokenLayers(imports)).toEqual([]);
  });

  it('would see one', () => {
    const up = { from: 'engine/x.ts', to: 'provider/kimi-core.ts', line: '' };
    const leak = { from: 'simulator/x.ts', to: 'engine/request/body-rules.ts', line: '' };
    expect(brokenLayers([up, leak])).toEqual([
      'engine/x.ts -> provider/kimi-core.ts',
      'simulator/x.ts -> engine/request/body-rules.ts',
    ]);
  });

  it('has no import circle', () => {
    expect(firstCircle(imports)).toBeUndefined();
    expect(
      firstCircle([
        { from: 'a', to: 'b', line: '' },
        { from: 'b', to: 'a', line: '' },
      ]),
    ).toEqual(['a', 'b', 'a']);
  });

  it('keeps the environment and the console out of everything below the wiring', () => {
    const offenders = sourceFiles().filter(file => {
      const text = readFileSync(path.join(source, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
      const mayPrint = file.startsWith('cli/') || file === 'platform/edge.ts';
      return (
        (!mayPrint && /\bconsole\./.test(text)) ||
        (/^(account|api|engine|json-schema|spec|models|stream|transport|errors|auth)\//.test(file) &&
          /\bprocess\.env\b/.test(text))
      );
    });
    expect(offenders).toEqual([]);
  });

  it('makes one signal of two in one place, for runtimes without `AbortSignal.any`', () => {
    const users = sourceFiles().filter(file =>
      /\bAbortSignal\.any\(/.test(readFileSync(path.join(source, file), 'utf8')),
    );
    expect(users.filter(file => !file.startsWith('simulator/'))).toEqual(['transport/any-signal.ts']);
  });

  it('has no #private field: ai@7 wraps models in a Proxy, which breaks them', () => {
    const offenders = sourceFiles().filter(file =>
      /(?:this\.|^\s+(?:readonly )?)#[a-z]\w*/m.test(readFileSync(path.join(source, file), 'utf8')),
    );
    expect(offenders).toEqual([]);
  });
});

describe('edge', () => {
  async function bundle(entry: string) {
    const { metafile } = await build({
      entryPoints: [path.join(root, 'dist', `${entry}.js`)],
      bundle: true,
      write: false,
      metafile: true,
      format: 'esm',
      platform: 'neutral',
      mainFields: ['module', 'main'],
      conditions: ['edge-light', 'import'],
      external: ['node:*'],
      tsconfigRaw: {},
      logLevel: 'silent',
      absWorkingDir: root,
    });
    return {
      files: Object.keys(metafile.inputs),
      builtins: Object.values(metafile.inputs).flatMap(input =>
        input.imports.filter(({ path: name }) => name.startsWith('node:')).map(({ path: name }) => name),
      ),
    };
  }

  // A bundler follows dynamic imports too, so what counts is the whole bundle (docs/decisions.md#5-edge-bundles).
  it.each(EDGE_ENTRIES)('bundles %s without Node-only code', async entry => {
    const { files, builtins } = await bundle(entry);
    expect(files).toContain('dist/platform/edge.js');
    expect(files.filter(file => file.startsWith('dist/platform/node'))).toEqual([]);
    expect(builtins).toEqual([]);
  });

  it('bundles tools without Node-only code, and without the provider', async () => {
    const { files, builtins } = await bundle('tools');
    expect(files).toContain('dist/tools.js');
    expect(files.filter(file => file.startsWith('dist/platform'))).toEqual([]);
    expect(builtins).toEqual([]);
  });

  it.each(EDGE_ENTRIES)('has no node: import in src/%s.ts or what it loads at once', entry => {
    const seen = new Set<string>();
    const visit = (file: string) => {
      if (!seen.has(file)) {
        seen.add(file);
        importsOf(file)
          .filter(({ line }) => !line.startsWith('import('))
          .forEach(({ to }) => visit(to));
      }
    };
    visit(`${entry}.ts`);
    const offenders = [...seen].filter(file =>
      /(?:from|import\()\s*'node:/.test(readFileSync(path.join(source, file), 'utf8')),
    );
    expect(seen.size).toBeGreaterThan(20);
    expect(offenders).toEqual([]);
  });
});

describe('root exports', () => {
  it('starts exactly two with `create`: opencode calls the first of them', async () => {
    const exported = Object.keys(await import('../src/index'));
    expect(exported.filter(name => name.startsWith('create')).toSorted()).toEqual(['create', 'createKimi']);
  });
});

describe('lock file', () => {
  // npm writes incomplete locks where a registry lacks a platform's package; `npm ci` then fails elsewhere
  // (docs/decisions.md#34-toolchain).
  it('has an entry for every optional platform package that a locked package names', () => {
    const { packages } = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { optionalDependencies?: Record<string, string>; os?: string[] }>;
    };
    const locked = new Set(Object.keys(packages).map(name => name.replace(/^.*node_modules\//, '')));
    const missing = Object.entries(packages)
      .filter(([name]) => name !== '')
      .flatMap(([name, { optionalDependencies = {} }]) =>
        Object.keys(optionalDependencies)
          .filter(dependency => !locked.has(dependency))
          .map(dependency => `${name} -> ${dependency}`),
      );
    expect(missing).toEqual([]);
  });
});
