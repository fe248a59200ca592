import type { CatalogCacheOpener } from '../models/model-catalog';
import type { DefaultCredentialStoreResolver } from '../credentials/default-credential-store';
import type { FileCacheOpener } from '../files/remembered-files';
import type { UploadSources } from '../files/upload-content';
import type { DeviceReader } from '../identity/device';
import type { KimiRegion } from '../upstream';

/**
 * What differs by runtime. `#platform` (package.json, `imports`) is Node's, Bun's and Deno's where there is an
 * operating system, and the one for edge everywhere else: bundlers follow dynamic imports, too, so nothing of Node may
 * be behind it there (docs/decisions.md#5-edge-bundles).
 */
export type Platform = DeviceReader &
  CatalogCacheOpener &
  FileCacheOpener &
  UploadSources &
  DefaultCredentialStoreResolver & {
    /** @throws KimiInvalidArgumentError on a runtime that is too old, before it fails in other words */
    refuseOldRuntime(versions?: Readonly<Record<string, string | undefined>>): void;
    /** Prints a line for who debugs (`KIMI_DEBUG`). */
    printDebug(line: string): void;
    /** The region that the official installer noted on this machine. */
    readRegionMarker(environment: Readonly<Record<string, string | undefined>>): Promise<KimiRegion | undefined>;
    /** Tells a person what no request fails for, each text once per process. Node's own warnings, where there are any. */
    notify(message: string): void;
    /** From now on notices go there: for a program with a screen of its own. */
    showNoticesIn(show: (message: string) => void): void;
  };
