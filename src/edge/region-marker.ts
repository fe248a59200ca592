import type { RegionMarkerReader } from '../region-marker';

/** No official installer, no marker. */
export const readRegionMarker: RegionMarkerReader['readRegionMarker'] = async () => undefined;
