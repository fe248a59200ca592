import { defineConfig } from 'vitest/config';

/**
 * The places the package is used in, for real: packed, installed, run in the real program (`npm run test:hosts`).
 * Root is where npm runs: the repository.
 */
export default defineConfig({
  test: {
    include: ['test/hosts/**/*.test.ts'],
    globalSetup: ['test/hosts/support/pack-once.ts'],
    reporters:
      process.env.TEST_SERVICES === undefined
        ? ['default']
        : ['default', './.ci/fail-on-skip.ts', './.ci/name-running.ts'],
    setupFiles: ['test/support/isolate-environment.ts'],
    // Each file starts browsers, agents or hundreds of requests: side by side they would only wait for each other.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
});
