import { readFileSync } from 'node:fs';
import { defineConfig, type Options } from 'tsup';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

const shared: Options = {
  target: 'es2023',
  define: { __PACKAGE_VERSION__: JSON.stringify(version) },
  // `#node/*` is resolved by the reader's runtime or bundler (package.json "imports"), never by ours.
  external: [/^#node\//],
  treeshake: true,
};

export default defineConfig([
  {
    ...shared,
    entry: {
      index: 'src/index.ts',
      v2: 'src/v2.ts',
      v3: 'src/v3.ts',
      v4: 'src/v4.ts',
    },
    format: ['esm', 'cjs'],
    platform: 'neutral',
    dts: true,
    splitting: true,
  },
  {
    ...shared,
    entry: {
      'node/device': 'src/node/device.ts',
      'edge/device': 'src/edge/device.ts',
    },
    format: ['esm'],
    platform: 'node',
  },
]);
