import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packPackage } from '../support/pack-package';

/** What a CommonJS app gets of each entry, beside what `import` gives in the same process. */
const APP = `
const entries = Object.keys(require('ai-sdk-provider-kimi/package.json').exports)
  .filter(entry => !entry.endsWith('.json'))
  .map(entry => 'ai-sdk-provider-kimi' + entry.slice(1));
const required = entries.map(entry => require(entry));
Promise.all(entries.map(entry => import(entry))).then(imported => {
  const rows = entries.map((entry, index) => [
    entry,
    Object.keys(required[index]).length > 0,
    Object.keys(imported[index]).every(name => required[index][name] === imported[index][name]),
  ]);
  const { kimi, KimiError } = required[0];
  const specification = kimi('k3').specificationVersion;
  process.stdout.write(JSON.stringify({ rows, specification, error: typeof KimiError }));
});
`;

let packed: Awaited<ReturnType<typeof packPackage>>;
beforeAll(async () => {
  packed = await packPackage();
}, 60_000);
afterAll(() => packed.dispose());

it('gives `require` the same modules as `import`, silently', async () => {
  const script = path.join(packed.app, 'app.cjs');
  writeFileSync(script, APP);
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [script], { cwd: packed.app });
  const names = ['', '/v2', '/v3', '/v4', '/simulator', '/credential-stores', '/redis', '/tools', '/server', '/tui'];
  expect(JSON.parse(stdout)).toEqual({
    rows: names.map(name => [`ai-sdk-provider-kimi${name}`, true, true]),
    specification: 'v2',
    error: 'function',
  });
  expect(stderr).toBe('');
});
