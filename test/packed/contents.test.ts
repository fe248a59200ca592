import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packPackage } from '../support/pack-package';

/** What is in the tarball, as in those of the AI SDK: code, types, the sources that the maps lead to, and the documents. */
let packed: Awaited<ReturnType<typeof packPackage>>;
let files: string[];
beforeAll(async () => {
  packed = await packPackage();
  files = readdirSync(packed.installed, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => path.relative(packed.installed, path.join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
}, 60_000);
afterAll(() => packed.dispose());

describe('the tarball', () => {
  it('has what it says, and nothing of the workshop', () => {
    const folders = [...new Set(files.map(file => file.split('/')[0]))];
    expect(folders.toSorted()).toEqual(
      ['CHANGELOG.md', 'LICENSE', 'README.md', 'README.zh-CN.md', 'dist', 'docs', 'package.json', 'src'].toSorted(),
    );
    expect(files).toContain('docs/troubleshooting.md');
    expect(files.filter(file => /\.(test\.ts|svg|png)$/.test(file))).toEqual([]);
  });

  it('has every file that package.json names', () => {
    const text = readFileSync(path.join(packed.installed, 'package.json'), 'utf8');
    const named = [...text.matchAll(/"\.\/(dist\/[^"]+)"/g)].map(([, file]) => file as string);
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter(file => !files.includes(file))).toEqual([]);
  });

  it('has a map for each file of code, which leads to sources that are there', () => {
    const code = files.filter(file => /^dist\/.*\.js$/.test(file));
    expect(code.length).toBeGreaterThan(50);
    const lost: string[] = [];
    for (const file of code) {
      const map = path.join(packed.installed, `${file}.map`);
      const text = readFileSync(path.join(packed.installed, file), 'utf8');
      expect(text.match(/^\/\/# sourceMappingURL=/gm), file).toHaveLength(1);
      const { sources } = JSON.parse(readFileSync(map, 'utf8')) as { sources: string[] };
      lost.push(...sources.filter(source => !existsSync(path.resolve(path.dirname(map), source))));
    }
    expect(lost).toEqual([]);
  });

  it('shows the sources in a stack', async () => {
    const script = path.join(packed.app, 'fails.mjs');
    writeFileSync(
      script,
      `import { createKimi } from 'ai-sdk-provider-kimi/v4';
      const kimi = createKimi({ apiKey: 'sk-kimi-x', baseURL: 'http://kimi.example/v1' });
      await kimi.models().catch(error => console.log(error.stack));`,
    );
    const { stdout } = await promisify(execFile)(process.execPath, ['--enable-source-maps', script]);
    expect(stdout).toMatch(/ai-sdk-provider-kimi\/src\/endpoints\.ts:\d+/);
  });
});

it('is no larger than it must be', async () => {
  const { stdout } = await promisify(execFile)('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    shell: process.platform === 'win32',
  });
  const [{ size, unpackedSize }] = JSON.parse(stdout) as [{ size: number; unpackedSize: number }];
  // Half of it are the maps and the sources, without which a stack says nothing.
  expect(size).toBeLessThan(2_600_000);
  expect(unpackedSize).toBeLessThan(10_500_000);
});
