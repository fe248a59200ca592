/** What an old Node is told: by the command line, by a first call. A real one is asked, too, where PATH has it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkRuntime } from '../../src/cli/doctor/machine-checks';
import { refuseOldRuntime } from '../../src/platform/node';
import { oldRuntimeMessage } from '../../src/platform/node-version';
import { bundleCLI } from './bundle-cli';

const SENTENCE = (node: string) =>
  `This is Node ${node}, which is too old for ai-sdk-provider-kimi. Install Node 22.12 or newer.`;

it.each(['18.20.8', '20.20.2', '22.11.0'])('Node %s is told what is needed, in place of what it trips over', node => {
  expect(oldRuntimeMessage({ node })).toBe(SENTENCE(node));
  expect(() => refuseOldRuntime({ node })).toThrow(
    expect.objectContaining({ message: SENTENCE(node), code: 'KIMI_INVALID_ARGUMENT' }),
  );
  expect(checkRuntime({ node }, 'linux')[0]).toMatchObject({ state: 'failure', fix: 'Install Node 22.12 or newer.' });
});

it.each([
  { node: '22.12.0' },
  { node: '24.0.0' },
  { node: process.versions.node },
  // They play a Node of their choice.
  { node: '22.6.0', bun: '1.2.0' },
  { node: '20.11.1', deno: '2.0.0' },
])('%j is fine', versions => {
  expect(() => refuseOldRuntime(versions)).not.toThrow();
  expect(checkRuntime(versions, 'linux')[0]).toMatchObject({ state: 'ok', fix: undefined });
});

/** What a process says that claims an old version, whatever it is: `process.versions` is all that is asked. */
const PRETENDING = 'Object.defineProperty(process.versions, "node", { value: "20.20.2" });';

/** A real old Node of this machine, where it has one. */
function oldNode(): string | undefined {
  const places = (process.env.PATH ?? '').split(path.delimiter).map(folder => path.join(folder, 'node'));
  return places.find(place => {
    const { stdout } = spawnSync(place, ['--version'], { encoding: 'utf8' });
    return /^v(18|20)\./.test(stdout ?? '');
  });
}

describe('one sentence, and nothing else', () => {
  const root = path.resolve(import.meta.dirname, '../..');
  let cli: Awaited<ReturnType<typeof bundleCLI>>;
  let app: string;
  let pretender: string;
  const real = oldNode();

  beforeAll(async () => {
    cli = await bundleCLI();
    const folder = mkdtempSync(path.join(tmpdir(), 'kimi-old-node-'));
    symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'), 'junction');
    pretender = path.join(folder, 'pretend.cjs');
    writeFileSync(pretender, PRETENDING);
    app = path.join(folder, 'app.mjs');
    await build({
      stdin: {
        contents: `
          import { createKimi } from './src/index';
          const kimi = createKimi({ apiKey: 'sk-kimi-simulator', baseURL: 'http://127.0.0.1:1/coding/v1' });
          const prompt = [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }];
          await kimi('k3').doGenerate({ prompt }).catch(error => console.log(error.message));`,
        resolveDir: root,
        loader: 'ts',
      },
      outfile: app,
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      target: 'es2023',
      logLevel: 'silent',
      define: { __PACKAGE_VERSION__: '"0.0.0-test"' },
      plugins: [
        {
          name: 'node-imports',
          setup(setup) {
            setup.onResolve({ filter: /^#platform$/ }, () => ({ path: path.join(root, 'src/platform/node.ts') }));
          },
        },
      ],
    });
  });
  afterAll(() => cli.dispose());

  const nodes = (): Array<{ program: string; flags: string[]; version: string }> => [
    { program: process.execPath, flags: ['--require', pretender], version: '20.20.2' },
    ...(real === undefined
      ? []
      : [
          {
            program: real,
            flags: [],
            version: execFileSync(real, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim(),
          },
        ]),
  ];

  it('from the command line, whatever the command', () => {
    for (const { program, flags, version } of nodes()) {
      for (const command of ['--help', 'status', 'doctor']) {
        const { status, stdout, stderr } = spawnSync(program, [...flags, cli.program, command], { encoding: 'utf8' });
        expect({ status, stdout, stderr }).toEqual({ status: 2, stdout: '', stderr: `${SENTENCE(version)}\n` });
      }
    }
  });

  it('from a first call', () => {
    for (const { program, flags, version } of nodes()) {
      const { stdout, stderr } = spawnSync(program, [...flags, app], { encoding: 'utf8' });
      expect({ stdout, stderr }).toEqual({ stdout: `${SENTENCE(version)}\n`, stderr: '' });
    }
  });
});
