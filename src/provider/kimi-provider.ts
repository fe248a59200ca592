import { KimiInvalidArgumentError } from '../errors/kimi-error';
import type { KimiProviderSettings } from './kimi-provider-settings';
import { kimiProviderV2, type KimiProviderV2 } from './kimi-provider-v2';
import { kimiProviderV3, type KimiProviderV3 } from './kimi-provider-v3';
import { kimiProviderV4, type KimiProviderV4 } from './kimi-provider-v4';

/** The root entry's factory: the specification is a setting, V2 by default, because every AI SDK major accepts it. */
export function kimiProvider(settings: KimiProviderSettings & { specificationVersion: 'v4' }): KimiProviderV4;
/** A provider of V3 models, for AI SDK 6 and 7. */
export function kimiProvider(settings: KimiProviderSettings & { specificationVersion: 'v3' }): KimiProviderV3;
/** A provider of V2 models, for AI SDK 5, 6 and 7. */
export function kimiProvider(
  settings?: KimiProviderSettings & { specificationVersion?: 'v2' | undefined },
): KimiProviderV2;
export function kimiProvider(settings: KimiProviderSettings = {}): KimiProviderV2 | KimiProviderV3 | KimiProviderV4 {
  switch (settings.specificationVersion) {
    case undefined:
    case 'v2':
      return kimiProviderV2(settings);
    case 'v3':
      return kimiProviderV3(settings);
    case 'v4':
      return kimiProviderV4(settings);
    default:
      throw new KimiInvalidArgumentError({
        argument: 'specificationVersion',
        message:
          `The setting "specificationVersion" must be 'v2', 'v3' or 'v4', not ` +
          `${JSON.stringify(settings.specificationVersion)}.`,
      });
  }
}
