import { readFileSync } from 'node:fs';
import { defineConfig, type Options } from 'tsup';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

const shared: Options = {
  target: 'es2023',
  define: { __PACKAGE_VERSION__: JSON.stringify(version) },
  // `#platform` is resolved by the reader's runtime or bundler (package.json "imports"), never by ours.
  // Optional native packages are loaded by name where they are installed.
  external: [/^#platform$/, 'fs-native-extensions', '@napi-rs/keyring', 'keytar'],
  treeshake: true,
  sourcemap: true,
  // Deno and edge bundlers know Node's modules by their prefix only.
  removeNodeProtocol: false,
};

/**
 * ES modules only. `require` gets a file of one line that hands out the same modules (.ci/write-common-js.mjs): the
 * dependencies `@ai-sdk/*` have ES modules only, so whoever requires this package needs a runtime or bundler that takes
 * those anyway (Node does since 22.12; tried), and a second build doubled the package and gave a process two copies of
 * every class and session. What stays of CommonJS are the types: under `node16` TypeScript refuses an ES module to a
 * `.cts` file (TS1479), although Node does not.
 */
export default defineConfig([
  {
    ...shared,
    entry: {
      index: 'src/index.ts',
      v2: 'src/v2.ts',
      v3: 'src/v3.ts',
      v4: 'src/v4.ts',
      redis: 'src/redis.ts',
      tools: 'src/tools.ts',
    },
    format: ['esm'],
    platform: 'neutral',
    dts: true,
    splitting: true,
  },
  {
    ...shared,
    entry: { pi: 'src/pi/pi-extension.ts', 'pi-extension': 'src/pi-extension.ts' },
    format: ['esm'],
    platform: 'node',
    external: [...(shared.external ?? []), /^@earendil-works\//],
  },
  {
    ...shared,
    entry: { simulator: 'src/simulator/index.ts', 'credential-stores': 'src/credential-stores.ts' },
    format: ['esm'],
    platform: 'node',
    dts: true,
  },
  {
    ...shared,
    // What opencode loads (docs/decisions.md#86-the-opencode-plugin).
    entry: {
      'opencode/server': 'src/opencode/server.ts',
      'opencode/tui': 'src/opencode/tui.ts',
      'opencode/provider': 'src/opencode/provider.ts',
    },
    format: ['esm'],
    platform: 'node',
    dts: { entry: { 'opencode/server': 'src/opencode/server.ts', 'opencode/tui': 'src/opencode/tui.ts' } },
  },
  {
    ...shared,
    entry: {
      'platform/node': 'src/platform/node.ts',
      'platform/edge': 'src/platform/edge.ts',
      cli: 'src/cli/main.ts',
    },
    format: ['esm'],
    platform: 'node',
  },
]);
