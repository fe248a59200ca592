import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { tellOnceAMachine } from '../../src/platform/told-notices';

let environment: Record<string, string>;
beforeEach(() => {
  environment = { KIMI_PROVIDER_HOME: mkdtempSync(path.join(tmpdir(), 'kimi-notices-')) };
});

async function told(messages: readonly string[]): Promise<string[]> {
  const heard: string[] = [];
  for (const message of messages) {
    await tellOnceAMachine(message, environment, text => heard.push(text));
  }
  return heard;
}

it('tells each text once on a machine, whatever process asks', async () => {
  expect(await told(['a', 'b', 'a'])).toEqual(['a', 'b']);
  expect(await told(['a', 'b', 'c'])).toEqual(['c']);
});

it('tells it again where nothing can be kept, or what was kept is none of ours', async () => {
  const file = path.join(environment.KIMI_PROVIDER_HOME ?? '', 'no folder');
  writeFileSync(file, '');
  environment = { KIMI_PROVIDER_HOME: file };
  expect(await told(['a', 'a'])).toEqual(['a', 'a']);
  environment = { KIMI_PROVIDER_HOME: mkdtempSync(path.join(tmpdir(), 'kimi-notices-')) };
  await told(['a']);
  const kept = environment.KIMI_PROVIDER_HOME ?? '';
  const found = readdirSync(kept, { recursive: true, encoding: 'utf8' }).find(name => name.endsWith('notices.json'));
  writeFileSync(path.join(kept, found ?? ''), '{"version":1,"told":7}');
  expect(await told(['a'])).toEqual(['a']);
});
