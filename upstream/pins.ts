/** Which versions this package was written from, and what must be read again when there is a newer one. */
import { KIMI_CODE } from '../src/upstream.ts';

/** A package on npm and the version that was read or that is installed. */
export type Pin = {
  name: string;
  version: string;
  /** Of a dependency: only newer ones of this major count. Else `latest` does. */
  line?: string;
  change: string;
};

/** Read to this version, and in no other file of the repository. */
const READ: readonly Pin[] = [
  { name: '@earendil-works/pi-coding-agent', version: '1.5.2', change: 'upstream/pins.ts, after docs/wire.md' },
  { name: '@ai-sdk/anthropic', version: '4.0.105', line: '4', change: 'upstream/pins.ts, after docs/wire.md' },
];

/** Files that say the version themselves. */
const SAID = [
  {
    name: 'opencode-ai',
    file: 'test/hosts/opencode/install-opencode.ts',
    pattern: /const NEWEST = '(\d+\.\d+\.\d+)'/,
  },
  {
    name: '@anthropic-ai/claude-code',
    file: 'test/hosts/claude-code/install-claude-code.ts',
    pattern: /const VERSION = '(\d+\.\d+\.\d+)'/,
  },
  { name: '@earendil-works/pi-ai', file: 'docs/wire.md', pattern: /@earendil-works\/pi-ai (\d+\.\d+\.\d+) \(npm\)/ },
  { name: '@ai-sdk/gateway', file: 'docs/wire.md', pattern: /@ai-sdk\/gateway (\d+\.\d+\.\d+) \(npm\)/ },
] as const;

/** The AI SDK's packages that package.json pins, by major. */
const DEPENDENCIES = [
  'ai',
  'ai-v6',
  'ai-v5',
  '@ai-sdk/openai-compatible',
  '@ai-sdk/anthropic',
  '@ai-sdk/provider',
  'provider-v3',
  'provider-v2',
  '@ai-sdk/provider-utils',
  '@ai-sdk/moonshotai',
];

/** @param read a file of the repository @throws where a file no longer says its version */
export function pins(read: (file: string) => string): Pin[] {
  const manifest = JSON.parse(read('package.json')) as Record<
    'dependencies' | 'devDependencies',
    Record<string, string>
  >;
  const specifiers = { ...manifest.devDependencies, ...manifest.dependencies };
  return [
    { name: '@moonshot-ai/kimi-code', version: KIMI_CODE.version, change: 'src/upstream.ts' },
    ...SAID.map(({ name, file, pattern }) => ({ name, version: saidIn(read(file), pattern, file), change: file })),
    ...READ,
    ...DEPENDENCIES.map(name => dependencyPin(name, specifiers[name])),
  ];
}

function saidIn(text: string, pattern: RegExp, file: string): string {
  const version = pattern.exec(text)?.[1];
  if (version === undefined) {
    throw new Error(`${file} no longer says its version as upstream/pins.ts expects it: ${pattern}`);
  }
  return version;
}

/** `7.0.173`, or `npm:ai@5.0.277` of an alias. */
function dependencyPin(alias: string, specifier = ''): Pin {
  const { name = alias, version } =
    /^(?:npm:(?<name>@?[^@]+)@)?(?<version>\d+\.\d+\.\d+)$/.exec(specifier)?.groups ?? {};
  if (version === undefined) {
    throw new Error(`package.json pins ${alias} by "${specifier}", of which upstream/pins.ts reads no version`);
  }
  return { name, version, line: version.slice(0, version.indexOf('.')), change: 'package.json' };
}
