import { loadModule } from '../credentials/load-module';

/**
 * What differs by runtime, loaded at the first request.
 * @throws KimiCredentialStoreError where that fails, KimiInvalidArgumentError on a runtime that is too old
 */
export async function loadPlatform() {
  const platform = await loadModule(() => import('#platform'), 'this package');
  platform.refuseOldRuntime();
  return platform;
}
