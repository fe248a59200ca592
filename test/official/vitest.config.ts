import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Root is where npm runs: the repository.
export default defineConfig({
  define: { __PACKAGE_VERSION__: JSON.stringify('0.0.0-test') },
  resolve: {
    alias: { '#platform': fileURLToPath(new URL('../../src/platform/node.ts', import.meta.url)) },
  },
  test: {
    include: ['test/official/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
