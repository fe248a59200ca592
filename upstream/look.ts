import { z } from 'zod/v4';
import { KIMI_CLI } from '../src/upstream.ts';
import { clientFindings } from './compare-client.ts';
import { catalogFinding, piFindings } from './compare-models.ts';
import { majorFinding, versionFinding } from './compare-versions.ts';
import type { Finding } from './finding.ts';
import { pins, type Pin } from './pins.ts';
import type { Registry } from './registry.ts';

/** Every pinned fact against what npm serves. What cannot be looked at is a finding, too, with its reason. */
export async function look(registry: Registry, read: (file: string) => string): Promise<Finding[]> {
  const byName = [...Map.groupBy(pins(read), ({ name }) => name)];
  const versions = byName.map(([name, group]) =>
    attempt(name, group[0]?.change ?? '', async () => versionFindings(group, await registry.versions(name))),
  );
  const contents = CONTENTS.map(({ name, files, change, compare }) =>
    attempt(`${name}: contents`, change, async () => compare(await registry.files(name, files))),
  );
  return [...(await Promise.all([...versions, ...contents])).flat(), PYTHON_CLIENT];
}

/** Packages that are read inside. */
const CONTENTS: ReadonlyArray<{
  name: string;
  files: readonly string[];
  change: string;
  compare: (texts: readonly string[]) => Finding[];
}> = [
  {
    name: '@moonshot-ai/kimi-code',
    files: ['dist/main.mjs'],
    change: 'src/upstream.ts',
    compare: ([source = '']) => clientFindings(source),
  },
  {
    name: '@earendil-works/pi-ai',
    files: ['dist/providers/data/kimi-coding.json', 'dist/providers/data/moonshotai.json'],
    change: 'src/models/model-rows.ts',
    compare: ([coding = '', platform = '']) => [...piFindings('coding', coding), ...piFindings('platform', platform)],
  },
  ...['@ai-sdk/moonshotai', '@ai-sdk/gateway'].map(name => ({
    name,
    files: ['dist/index.d.ts'],
    change: 'src/models/model-rows.ts',
    compare: ([text = '']: readonly string[]) => [catalogFinding(name, text)],
  })),
];

const PYTHON_CLIENT: Finding = {
  fact: 'kimi-cli',
  pinned: KIMI_CLI.version,
  found: 'on PyPI, not on npm: look by hand',
  state: 'skipped',
  change: 'src/upstream.ts',
};

function versionFindings(group: readonly Pin[], versions: Parameters<typeof versionFinding>[1]): Finding[] {
  const lines = group.filter(({ line }) => line !== undefined);
  return [
    ...group.map(pin => versionFinding(pin, versions)),
    ...(lines.length === 0 ? [] : [majorFinding(lines, versions)]),
  ];
}

async function attempt(fact: string, change: string, find: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await find();
  } catch (error) {
    return [{ fact, pinned: '', found: reasonOf(error), state: 'unknown', change }];
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError) {
    return `of another shape: ${error.issues[0]?.path.join('.')} ${error.issues[0]?.message}`;
  }
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}
