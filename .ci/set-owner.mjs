// Whose repository this is, in every file that says it: `node .ci/set-owner.mjs NAME`. package.json says whose it is.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const [owner] = process.argv.slice(2);
if (!/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})$/.test(owner ?? '')) {
  console.error('Usage: node .ci/set-owner.mjs NAME, which is the name of a user or an organisation on GitHub.');
  process.exit(2);
}
const { name, repository } = JSON.parse(readFileSync('package.json', 'utf8'));
const place = new URL(repository.url.replace(/^git\+/, ''));
const now = `${place.host}/${place.pathname.split('/')[1]}/${name}`;
const next = `${place.host}/${owner}/${name}`;
const files = execFileSync('git', ['grep', '--files-with-matches', '--fixed-strings', '-I', now], { encoding: 'utf8' });
for (const file of files.split('\n').filter(Boolean)) {
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(now, next));
  console.log(file);
}
