import { compared, type Finding } from './finding.ts';
import type { Pin } from './pins.ts';

/** What of a packument is looked at. */
export type Versions = { latest: string; all: readonly string[] };

/** The newest that counts for the pin, against the pin. */
export function versionFinding(pin: Pin, versions: Versions): Finding {
  const fact = pin.line === undefined ? pin.name : `${pin.name} ${pin.line}.x`;
  return compared(fact, pin.version, newest(pin, versions), pin.change);
}

/** A major that nobody here has met: only for the package's newest pin. */
export function majorFinding(pins: readonly Pin[], { latest }: Versions): Finding {
  const [{ name, line } = { name: '', line: undefined }] = pins.toSorted((one, other) => order(other, one));
  const found = latest.slice(0, latest.indexOf('.'));
  return compared(`${name}: newest major`, line ?? '', found, 'package.json, after docs/decisions.md');
}

function newest({ line }: Pin, { latest, all }: Versions): string {
  if (line === undefined) {
    return latest;
  }
  // Without pre-releases, which are for those who ask for them.
  const released = all.filter(version => /^\d+\.\d+\.\d+$/.test(version) && version.startsWith(`${line}.`));
  return released.toSorted((one, other) => order({ version: one }, { version: other })).at(-1) ?? 'none';
}

function order({ version: one }: Pick<Pin, 'version'>, { version: other }: Pick<Pin, 'version'>): number {
  const [left, right] = [one.split('.').map(Number), other.split('.').map(Number)];
  const place = left.findIndex((part, index) => part !== right[index]);
  return place === -1 ? 0 : (left[place] ?? 0) - (right[place] ?? 0);
}
