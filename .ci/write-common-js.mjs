// Gives every entry of a build its door for `require`, after tsup: <entry>.cjs, and <entry>.d.cts with all it refers
// to. Why it is no build of its own stands in tsup.config.ts.
import { readFile, readdir, writeFile } from 'node:fs/promises';

/** @param {URL} dist folder of the build, with a slash at its end */
export async function writeCommonJS(dist) {
  const { exports } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
  for (const conditions of Object.values(exports)) {
    if (conditions.require !== undefined) {
      const { base } = /^\.\/dist\/(?<base>.+)\.cjs$/.exec(conditions.require.default).groups;
      await writeFile(new URL(`${base}.cjs`, dist), `'use strict';\nmodule.exports = require('./${base}.js');\n`);
    }
  }
  for (const name of await readdir(dist)) {
    if (name.endsWith('.d.ts')) {
      const declarations = await readFile(new URL(name, dist), 'utf8');
      await writeFile(new URL(name.replace(/\.ts$/, '.cts'), dist), toCommonJs(declarations, name));
    }
  }
}

/**
 * The same declarations as seen from CommonJS. `@ai-sdk/provider` 4 has ES modules only, which TypeScript refuses to a
 * CommonJS file under `node16` (TS1479); a type-only import may say that it means the ES module.
 *
 * @param {string} declarations
 * @param {string} name
 */
function toCommonJs(declarations, name) {
  const text = declarations
    .replace(/^import '[^'.][^']*';\n/gm, '')
    .replace(/(\bfrom '\.\/[^']+)\.js'/g, "$1.cjs'")
    .replace(
      /^import \{([^}]*)\} from '@ai-sdk\/provider';$/gm,
      "import type {$1} from '@ai-sdk/provider' with { 'resolution-mode': 'import' };",
    );
  if (/'\.\/[^']+\.js'|from '@ai-sdk\/[^']+';|import\('/.test(text)) {
    throw new Error(`dist/${name} imports in a way that .ci/write-common-js.mjs does not know.`);
  }
  return text;
}
