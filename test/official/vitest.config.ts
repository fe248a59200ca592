import { defineConfig } from 'vitest/config';

// Root is where npm runs: the repository.
export default defineConfig({
  test: {
    include: ['test/official/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
