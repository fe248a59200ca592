import { readFileSync } from 'node:fs';

const { dependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));

export default [
  {
    name: '/v4 as an edge bundle, without its dependencies',
    path: 'dist/v4.js',
    import: '{ createKimi }',
    ignore: [...Object.keys(dependencies), 'zod'],
    limit: '82 kB',
    // The paths of tsconfig.json would lead from dist/ back to the sources, and to the Node ones.
    modifyEsbuildConfig: config => ({
      ...config,
      tsconfigRaw: {},
      conditions: ['edge-light', 'import'],
      // Loaded when a call goes by the Anthropic wire.
      external: [...(config.external ?? []), './messages-model-*'],
    }),
  },
];
