/** Code that is loaded when it is first needed, which can fail where no more files may be open. */
import { KimiCredentialStoreError } from '../errors/kimi-error';

/**
 * What `load` imports, for a store. A failure is the system's, and passes: the next call loads it again.
 * @throws KimiCredentialStoreError `unavailable`
 */
export async function loadModule<T>(load: () => Promise<T>, location: string): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    const fix =
      code === 'EMFILE' || code === 'ENFILE'
        ? 'This process has too many files open: raise the limit (ulimit -n), or look for what does not close them.'
        : 'Try again; if it lasts, install the package again.';
    throw new KimiCredentialStoreError({
      location,
      operation: 'load',
      reason: 'unavailable',
      message: `A part of ai-sdk-provider-kimi could not be loaded (${code}). ${fix}`,
    });
  }
}
