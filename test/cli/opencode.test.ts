import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { json, KEY, run } from './command-harness';
import type { RunOptions } from './run-in-process';

let folder: string;
let env: Record<string, string>;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'kimi-opencode-cli-'));
  env = { XDG_CONFIG_HOME: folder, KIMI_API_KEY: KEY };
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (name: string): string => path.join(folder, 'opencode', name);
const text = (name: string): string => readFileSync(at(name), 'utf8');
const put = (name: string, content: string): void => {
  mkdirSync(path.dirname(at(name)), { recursive: true });
  writeFileSync(at(name), content);
};
const opencode = (words: string, options: RunOptions = {}) => run(`opencode ${words}`.trim(), { ...options, env });

const WRITTEN = `// Mine.
{
\t"model": "anthropic/claude", // what I use
\t"plugin": [
\t\t"other", // not to be touched
\t],
\t/* the rest */ "theme": "dark"
}
`;

describe('opencode', () => {
  it('makes both files where there are none, and takes them out again', async () => {
    expect(await opencode('--yes')).toMatchObject({ code: 0 });
    expect(JSON.parse(text('opencode.json'))).toEqual({
      $schema: 'https://opencode.ai/config.json',
      plugin: ['ai-sdk-provider-kimi'],
    });
    expect(JSON.parse(text('tui.json'))).toMatchObject({ plugin: ['ai-sdk-provider-kimi'] });
    expect((await opencode('--yes')).stdout).toContain('It is all there already');
    expect(await opencode('--undo --yes')).toMatchObject({ code: 0 });
    expect([existsSync(at('opencode.json')), existsSync(at('tui.json'))]).toEqual([false, false]);
  });

  it('keeps comments, tabs, permissions and links, and undoes to the byte', async () => {
    const shared = path.join(folder, 'dotfiles.jsonc');
    writeFileSync(shared, WRITTEN);
    chmodSync(shared, 0o640);
    mkdirSync(path.dirname(at('x')));
    symlinkSync(shared, at('opencode.jsonc'));
    const result = await opencode('--yes');
    const changed = text('opencode.jsonc');
    for (const line of WRITTEN.split('\n').filter(line => line.includes('//') || line.includes('/*'))) {
      expect(changed.split('\n')).toContain(line);
    }
    expect(changed).toContain('"ai-sdk-provider-kimi"');
    expect(result.stdout).toMatch(/^\+ .*"ai-sdk-provider-kimi"/m);
    expect(lstatSync(at('opencode.jsonc')).isSymbolicLink()).toBe(true);
    expect(statSync(shared).mode & 0o777).toBe(0o640);
    expect(existsSync(at('opencode.json'))).toBe(false);
    await opencode('--undo --yes');
    expect(text('opencode.jsonc')).toBe(WRITTEN);
  });

  it('counts as there with a version or with options', async () => {
    put('opencode.json', '{"plugin": [["ai-sdk-provider-kimi@1.2.3", {"identity": "package"}]]}');
    put('tui.json', '{"plugin": ["ai-sdk-provider-kimi"]}');
    expect((await opencode('--yes')).stdout).toContain('It is all there already');
    await opencode('--undo --yes');
    expect(text('opencode.json')).toBe('{}');
  });

  it("writes a provider with the account's models, which keeps what is written in it", async () => {
    put(
      'opencode.json',
      '{"provider": {"kimi": {"npm": "ai-sdk-provider-kimi", "models": {"k3": {"name": "Mine"}}}, "x": {}}}',
    );
    expect(await opencode('--provider --yes')).toMatchObject({ code: 0 });
    const { provider } = JSON.parse(text('opencode.json')) as { provider: Record<string, { models?: object }> };
    expect(provider.kimi?.models).toMatchObject({
      k3: { name: 'Mine' },
      'kimi-for-coding': { temperature: false, cost: { input: 0, output: 0 }, limit: { output: 32_000 } },
    });
    await opencode('--undo --yes');
    expect(JSON.parse(text('opencode.json'))).toEqual({ provider: { x: {} } });
  });

  it('needs no models beside the plugin', async () => {
    put('opencode.json', '{"plugin": ["ai-sdk-provider-kimi"]}');
    await opencode('--provider mine --yes');
    expect(JSON.parse(text('opencode.json'))).toMatchObject({ provider: { mine: { npm: 'ai-sdk-provider-kimi' } } });
  });

  it('prints either form and writes nothing', async () => {
    expect(json(await opencode('--print'))).toEqual({ plugin: ['ai-sdk-provider-kimi'] });
    const printed = json(await opencode('--print --provider mine')) as { provider: { mine: { models: object } } };
    expect(Object.keys(printed.provider.mine.models)).toContain('kimi-for-coding');
    const usual = await run('opencode --print --provider', { env: { XDG_CONFIG_HOME: folder } });
    expect(usual.stderr).toContain('Nobody is signed in');
    expect(usual.stdout).toContain('"kimi-for-coding"');
    expect(existsSync(at(''))).toBe(false);
  });

  it('asks nobody who is not there, and tells programs what it did', async () => {
    expect(await opencode('')).toMatchObject({ code: 2, stderr: expect.stringContaining('Add --yes') as string });
    expect(existsSync(at(''))).toBe(false);
    expect(json(await opencode('--yes --json'))).toEqual({
      files: [at('opencode.json'), at('tui.json')],
      written: true,
    });
  });

  it.each([
    ['what is no JSON', '{"plugin": [', 'it is no JSON'],
    ['what is no object', '[]', 'no JSON object'],
    ['plugins that are no list', '{"plugin": "x"}', '"plugin" is no list'],
    ['a provider of another package', '{"provider": {"kimi": {"npm": "x"}}}', 'of another package'],
  ])('leaves %s alone, and says why', async (_, content, message) => {
    put('opencode.json', content);
    const result = await opencode(message.includes('package') ? '--provider --yes' : '--yes');
    expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining('was left alone') as string });
    expect(result.stderr.replaceAll(/\s+/g, ' ')).toContain(message);
    expect(text('opencode.json')).toBe(content);
    expect(existsSync(at('tui.json'))).toBe(false);
  });

  it('shows nothing raw of what stands in a file, and leaves it there', async () => {
    put('opencode.json', '{\n  // \u001b[2J\u202e\n  "theme": "dark"\n}\n');
    const { stdout } = await opencode('--yes', { columns: 80 });
    expect(stdout).toMatch(/\+ .*"ai-sdk-provider-kimi"/);
    expect(['\u001b[2J', '\u202e'].filter(raw => stdout.includes(raw))).toEqual([]);
    expect(text('opencode.json')).toContain('// \u001b[2J\u202e');
  });

  it('says that a file cannot be read', async () => {
    mkdirSync(at('opencode.json'), { recursive: true });
    expect(await opencode('--yes')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Cannot read') as string,
    });
  });
});
