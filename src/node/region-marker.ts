import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { RegionMarkerReader } from '../region-marker';

/** One line, written by the official installers (wire.md 2, regions; B:62048-62067). */
export const readRegionMarker: RegionMarkerReader['readRegionMarker'] = async environment => {
  if (environment.KIMI_CODE_REGION_MARKER === 'off') {
    return undefined;
  }
  const home = environment.KIMI_CODE_HOME || path.join(os.homedir(), '.kimi-code');
  const text = await readFile(path.join(home, 'region'), 'utf8').catch(() => '');
  const region = text.trim();
  return region === 'mainland-cn' || region === 'global' ? region : undefined;
};
