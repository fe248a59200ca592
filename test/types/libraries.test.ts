import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('.', import.meta.url));

/**
 * Where `ai` of a major, alone, type-checks under `skipLibCheck: false` (ran with ai 5.0.277, 6.0.326 and 7.0.173,
 * TypeScript 6.0.3 and @types/json-schema, without which each of them has TS7016 everywhere). AI SDK 7 has ES modules
 * only, and `node16` refuses those to a CommonJS file; `nodenext` allows them.
 */
const ALLOWED = {
  bundler: { mts: [5, 6, 7], cts: [5, 6, 7] },
  node16: { mts: [5, 6, 7], cts: [5, 6] },
  nodenext: { mts: [5, 6, 7], cts: [5, 6, 7] },
};

const MODULES = {
  bundler: { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
  node16: { module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16 },
  nodenext: { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext },
};

const PACKAGES = { 5: 'ai-v5', 6: 'ai-v6', 7: 'ai' };

/** An app that uses nothing but the AI SDK. */
const bare = (major: 5 | 6 | 7) => `
  import { streamText, type LanguageModel } from '${PACKAGES[major]}';
  export const result = (model: LanguageModel) => streamText({ model, prompt: 'x' });
`;

const ENTRIES = ['', '/v2', '/v3', '/v4', '/credential-stores', '/redis', '/simulator', '/tools'];

/** An app that uses every entry, and no AI SDK beside it. */
const NO_AI = `
  ${ENTRIES.map((entry, index) => `import * as entry${index} from 'ai-sdk-provider-kimi${entry}';`).join('\n')}
  import type { APICallError } from '@ai-sdk/provider' with { 'resolution-mode': 'import' };
  export const entries = [${ENTRIES.map((_, index) => `entry${index}`).join(', ')}];
  export const model: 'v4' = entry3.kimi('k3').specificationVersion;
  export const same = (error: entry0.KimiAPIError): APICallError => error;
  export const code = (error: unknown) => (entry0.KimiError.isInstance(error) ? error.code : undefined);
`;

/** The errors that a compiler sees, libraries' own declarations included, each with its file. */
function errorsOf(sources: Record<string, string>, resolution: keyof typeof MODULES): string[] {
  const options: ts.CompilerOptions = {
    ...MODULES[resolution],
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    types: ['node'],
    strict: true,
    skipLibCheck: false,
    skipDefaultLibCheck: true,
    noEmit: true,
  };
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists } = host;
  const virtual = new Map(Object.entries(sources).map(([name, text]) => [path.posix.join(folder, name), text]));
  host.readFile = file => virtual.get(file) ?? readFile(file);
  host.fileExists = file => virtual.has(file) || fileExists(file);
  host.getCurrentDirectory = () => folder;
  const program = ts.createProgram([...virtual.keys()], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ file, code }) => `${file === undefined ? 'options' : path.relative(folder, file.fileName)}: TS${code}`)
    .toSorted();
}

describe.each(['bundler', 'node16', 'nodenext'] as const)('an app that checks libraries, under %s', resolution => {
  it('has no error but what the AI SDK alone has', { timeout: 600_000 }, () => {
    const sources: Record<string, string> = {};
    const refused: string[] = [];
    for (const extension of ['mts', 'cts'] as const) {
      for (const major of [5, 6, 7] as const) {
        sources[`bare-v${major}.${extension}`] = bare(major);
        if (ALLOWED[resolution][extension].includes(major)) {
          sources[`app-v${major}.${extension}`] = readFileSync(path.join(folder, `ai-v${major}.ts`), 'utf8');
        } else {
          refused.push(`bare-v${major}.${extension}: TS1479`);
        }
      }
      // Where it is the AI SDK that is refused, this package's own types still are not.
      sources[`no-ai.${extension}`] = NO_AI;
    }
    expect(errorsOf(sources, resolution)).toEqual(refused);
  });
});
