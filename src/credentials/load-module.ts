/** Code that is loaded when it is first needed, which can fail where no more files may be open. */
import { KimiCredentialStoreError } from '../errors/kimi-error';

const RAISE_LIMIT = 'raise the limit (ulimit -n), or look for what does not close them.';
const TOO_MANY_FILES = `This process has too many files open: ${RAISE_LIMIT}`;

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
        ? TOO_MANY_FILES
        : // Node's word also for a package.json that it may not open.
          code === 'ERR_INVALID_PACKAGE_CONFIG'
          ? `A package.json cannot be read; where that is for too many open files (EMFILE): ${RAISE_LIMIT}`
          : 'Try again; if it lasts, install the package again.';
    throw new KimiCredentialStoreError({
      location,
      operation: 'load',
      reason: 'unavailable',
      message: `A part of ai-sdk-provider-kimi could not be loaded (${code}). ${fix}`,
    });
  }
}
