/**
 * `npm run upstream [-- --json]`: what moved since this package was written. Ends with 0 where nothing did, 1 where
 * something did, 2 where nothing is known to have moved and something could not be looked at.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parseTar } from 'nanotar';
import { exitCode } from './finding.ts';
import { look } from './look.ts';
import { openRegistry } from './registry.ts';
import { report } from './report.ts';

try {
  const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
  // npm says which registry the machine is configured for.
  const url = process.env.npm_config_registry ?? 'https://registry.npmjs.org/';
  const findings = await look(openRegistry({ url, parseTar }), file =>
    readFileSync(new URL(`../${file}`, import.meta.url), 'utf8'),
  );
  console.log(values.json ? JSON.stringify(findings, undefined, 2) : report(findings));
  process.exitCode = exitCode(findings);
} catch (error) {
  console.error(`npm run upstream: ${error.message}`);
  process.exitCode = 2;
}
