import { loadModule } from '../credentials/load-module';

/** What differs by runtime, loaded at the first request. @throws KimiCredentialStoreError where that fails */
export const loadPlatform = () => loadModule(() => import('#platform'), 'this package');
