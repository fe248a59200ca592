import { readFileSync } from 'node:fs';
import { defineConfig, type Options } from 'tsup';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

const shared: Options = {
  target: 'es2023',
  define: { __PACKAGE_VERSION__: JSON.stringify(version) },
  // `#node/*` is resolved by the reader's runtime or bundler (package.json "imports"), never by ours.
  // Optional native packages are loaded by name where they are installed.
  external: [/^#node\//, 'fs-native-extensions', '@napi-rs/keyring', 'keytar'],
  treeshake: true,
  // Deno and edge bundlers know Node's modules by their prefix only.
  removeNodeProtocol: false,
};

export default defineConfig([
  {
    ...shared,
    entry: {
      index: 'src/index.ts',
      v2: 'src/v2.ts',
      v3: 'src/v3.ts',
      v4: 'src/v4.ts',
      redis: 'src/redis.ts',
    },
    format: ['esm', 'cjs'],
    platform: 'neutral',
    dts: true,
    splitting: true,
  },
  {
    ...shared,
    entry: { simulator: 'src/simulator/index.ts', 'credential-stores': 'src/credential-stores.ts' },
    format: ['esm', 'cjs'],
    platform: 'node',
    dts: true,
  },
  {
    ...shared,
    entry: {
      'node/device': 'src/node/device.ts',
      'node/default-credential-store': 'src/node/default-credential-store.ts',
      'node/catalog-cache': 'src/node/catalog-cache.ts',
      'node/region-marker': 'src/node/region-marker.ts',
      'edge/device': 'src/edge/device.ts',
      'edge/catalog-cache': 'src/edge/catalog-cache.ts',
      'edge/region-marker': 'src/edge/region-marker.ts',
      'edge/default-credential-store': 'src/edge/default-credential-store.ts',
      cli: 'src/cli/main.ts',
      'simulator-cli': 'src/simulator/cli.ts',
      demo: 'src/demo.ts',
    },
    format: ['esm'],
    platform: 'node',
  },
]);
