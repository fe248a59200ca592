/** What a user installs, by the lock file; `.ci/supply-chain.mjs` looks at what npm makes of it. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { isAllowedLicence, SCRIPTS_AT_INSTALL } from '../.ci/supply-rules';

type Entry = { dev?: boolean; hasInstallScript?: boolean; license?: unknown; integrity?: string; resolved?: string };

const read = (file: string): unknown => JSON.parse(readFileSync(new URL(`../${file}`, import.meta.url), 'utf8'));
const { packages } = read('package-lock.json') as { packages: Record<string, Entry> };
/** Optional ones and peers that npm installs by itself included. */
const production = Object.entries(packages).filter(([place, { dev }]) => place !== '' && dev !== true);

it('has a production tree to look at', () => {
  expect(production.length).toBeGreaterThan(30);
  expect(production.map(([place]) => place)).toEqual(
    expect.arrayContaining(['node_modules/zod', 'node_modules/@napi-rs/keyring', 'node_modules/fs-native-extensions']),
  );
});

it('runs no script at install, neither of this package nor of one that comes with it', () => {
  const { scripts } = read('package.json') as { scripts: Record<string, string> };
  expect(SCRIPTS_AT_INSTALL.filter(name => name in scripts)).toEqual([]);
  expect(production.filter(([, { hasInstallScript }]) => hasInstallScript).map(([place]) => place)).toEqual([]);
  // The lock says so of those that have one.
  expect(Object.values(packages).some(({ hasInstallScript }) => hasInstallScript)).toBe(true);
});

it('comes with licences of the list alone, from the registry, with a hash', () => {
  expect(production.filter(([, { license }]) => !isAllowedLicence(license)).map(([place]) => place)).toEqual([]);
  expect(
    production.filter(([, { integrity }]) => integrity?.startsWith('sha512-') !== true).map(([place]) => place),
  ).toEqual([]);
  const elsewhere = production.filter(([, { resolved = 'https://' }]) => !resolved.startsWith('https://'));
  expect(elsewhere.map(([place]) => place)).toEqual([]);
});

it.each([
  ['MIT', true],
  ['(AFL-2.1 OR BSD-3-Clause)', true],
  ['MIT AND Apache-2.0', true],
  ['MIT AND GPL-3.0', false],
  ['GPL-3.0-only', false],
  ['SEE LICENSE IN x', false],
  [undefined, false],
  [{ type: 'MIT' }, false],
])('takes the licence %j: %j', (licence, expected) => {
  expect(isAllowedLicence(licence)).toBe(expected);
});
