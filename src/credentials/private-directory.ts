import { chmod, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a directory and its missing parents with mode 0700, whatever the umask. A directory that is there keeps its
 * mode: it may be shared on purpose.
 */
export async function makePrivateDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
    // The umask took bits away from the mode above.
    await chmod(path, 0o700);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' && dirname(path) !== path) {
      await makePrivateDirectory(dirname(path));
      await makePrivateDirectory(path);
    } else if (code !== 'EEXIST') {
      throw error;
    }
  }
}
