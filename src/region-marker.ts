import type { KimiRegion } from './upstream';

/** What `#node/region-marker` gives: the region that the official installer noted on this machine. */
export type RegionMarkerReader = {
  readRegionMarker(environment: Readonly<Record<string, string | undefined>>): Promise<KimiRegion | undefined>;
};
