import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  define: { __PACKAGE_VERSION__: JSON.stringify('0.0.0-test') },
  resolve: {
    alias: { '#platform': fileURLToPath(new URL('./src/platform/node.ts', import.meta.url)) },
  },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/official/**', 'test/hosts/**'],
    setupFiles: ['test/support/isolate-environment.ts'],
    // Where the services are said to be there, a skipped test is a failure (docs/decisions.md#35-isolated-tests).
    reporters:
      process.env.TEST_SERVICES === undefined
        ? ['default']
        : ['default', './.ci/fail-on-skip.ts', './.ci/name-running.ts'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
});
