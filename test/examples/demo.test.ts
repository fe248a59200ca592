import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

/** As `npm run demo` runs it, on what `npm test` has built. */
it('shows the main job offline, and leaves nothing behind', async () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  expect(scripts).toMatchObject({ predemo: 'npm run build', demo: 'node examples/demo.ts' });
  const home = mkdtempSync(path.join(tmpdir(), 'kimi-demo-home-'));
  const temporary = mkdtempSync(path.join(tmpdir(), 'kimi-demo-tmp-'));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['examples/demo.ts'], {
    env: { ...process.env, HOME: home, USERPROFILE: home, TMPDIR: temporary, TEMP: temporary, TMP: temporary },
  });
  expect(stdout).toContain('tool call  weather({"city":"Bern"})\n');
  expect(stdout).toContain('answer     Yes, take one: it rains in Bern from noon on, at 11 °C.\n');
  expect(stdout).toMatch(/^usage {6}\d+ in \(128 cached\), \d+ out \(49 reasoning\), 2 steps, finish reason "stop"$/m);
  expect(stdout).toMatch(/^ {11}User-Agent: KimiCLI\/\S+$/m);
  expect(stderr).toBe('');
  expect(readdirSync(home)).toEqual([]);
  expect(readdirSync(temporary)).toEqual([]);
});
