// `npm run build`: builds beside `dist`, then puts the new one in its place. Two runs of `npm test` in one checkout
// both build, and neither may take away what the tests of the other are reading.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { leadToSources } from './source-maps.mjs';
import { writeCommonJS } from './write-common-js.mjs';

// In node_modules, because no tool looks there and a rename stays within one file system.
mkdirSync('node_modules/.cache', { recursive: true });
const place = mkdtempSync('node_modules/.cache/build-');
const fresh = `${place}/dist`;
const tsup = createRequire(import.meta.url).resolve('tsup/dist/cli-default.js');
try {
  const { status } = spawnSync(process.execPath, [tsup, '--silent', '--out-dir', fresh], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
  if (status === 0) {
    leadToSources(fresh);
    await writeCommonJS(pathToFileURL(`${fresh}/`));
    replaceFolder('dist', fresh, `${place}/old`);
  }
} finally {
  rmSync(place, { recursive: true, force: true });
}

/** The names are the same in both, so that whoever opens the next file of the old folder finds it in the new one. */
function replaceFolder(folder, replacement, old) {
  for (let attempts = 1; ; attempts++) {
    try {
      renameSync(folder, `${old}-${attempts}`);
    } catch (error) {
      if (error.code !== 'ENOENT') {
        throw error;
      }
    }
    try {
      renameSync(replacement, folder);
      return;
    } catch (error) {
      // The other run has put its own there between the two.
      if ((error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') || attempts === 10) {
        throw error;
      }
    }
  }
}
