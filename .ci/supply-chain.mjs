/**
 * What a user gets by installing the package, without anything for development: no script runs, every licence is on
 * the list, and the registry's signatures are good where it has them.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isAllowedLicence, SCRIPTS_AT_INSTALL } from './supply-rules.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'kimi-supply-chain-'));

function npm(parameters, cwd) {
  return spawnSync('npm', parameters, { cwd, encoding: 'utf8', timeout: 300_000, maxBuffer: 64 * 1024 * 1024 });
}

function installed() {
  const packed = npm(['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], root);
  const tarball = readdirSync(folder).find(name => name.endsWith('.tgz'));
  if (tarball === undefined) {
    throw new Error(`npm pack failed: ${packed.stderr}`);
  }
  writeFileSync(path.join(folder, 'package.json'), '{"private":true}');
  const flags = ['--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'];
  const { status, stderr } = npm(['install', ...flags, `./${tarball}`], folder);
  if (status !== 0) {
    throw new Error(`npm install failed: ${stderr}`);
  }
  return packagesIn(path.join(folder, 'node_modules'));
}

/** Every package of the tree, nested ones included. */
function packagesIn(modules) {
  return readdirSync(modules)
    .filter(name => !name.startsWith('.'))
    .flatMap(name =>
      name.startsWith('@') ? readdirSync(path.join(modules, name)).map(inner => path.join(name, inner)) : [name],
    )
    .flatMap(name => {
      const place = path.join(modules, name);
      const nested = path.join(place, 'node_modules');
      return [
        { place, manifest: JSON.parse(readFileSync(path.join(place, 'package.json'), 'utf8')) },
        ...(existsSync(nested) ? packagesIn(nested) : []),
      ];
    });
}

/** npm builds what has a binding.gyp and no script, without being told to. */
function faultsOf({ place, manifest: { name, license, scripts = {}, gypfile } }) {
  const own = SCRIPTS_AT_INSTALL.filter(script => script in scripts).map(script => `${name} has a script ${script}`);
  const isBuilt = existsSync(path.join(place, 'binding.gyp')) && gypfile !== false;
  return [
    ...own,
    ...(isBuilt && own.length === 0 ? [`${name} is built at install`] : []),
    ...(isAllowedLicence(license) ? [] : [`${name} has the licence ${license}`]),
  ];
}

/** A mirror has neither keys nor signatures; that is no fault of a package. */
function signatures() {
  const { stdout, stderr } = npm(
    ['audit', 'signatures', '--json', '--fetch-retries=0', '--fetch-timeout=20000'],
    folder,
  );
  let found;
  try {
    found = JSON.parse(stdout);
  } catch {
    found = undefined;
  }
  if (!Array.isArray(found?.invalid)) {
    const reason = /npm error (?!code)(.*)/.exec(stderr)?.[1] ?? found?.error?.summary ?? 'no answer';
    return { faults: [], summary: `signatures: SKIPPED, the registry does not serve them (${reason})` };
  }
  return {
    faults: found.invalid.map(({ name, version }) => `${name}@${version} has a bad signature`),
    summary: `signatures: ${found.invalid.length} bad, ${found.missing.length} missing`,
  };
}

try {
  const packages = installed();
  const { faults, summary } = signatures();
  const all = [...packages.flatMap(faultsOf), ...faults];
  const licences = Map.groupBy(packages, ({ manifest }) => String(manifest.license));
  console.log(`${packages.length} packages, without a script at install`);
  console.log([...licences].map(([licence, { length }]) => `${licence}: ${length}`).join(', '));
  console.log(summary);
  if (all.length > 0) {
    console.error(all.join('\n'));
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
