/** The device id of the machine, in the official client's own file or in this package's (docs/decisions.md#25-device-id). */
import { randomUUID } from 'node:crypto';
import { link, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { dataDirectory, homeDirectory, makePrivateDirectory } from '../credentials/data-directory';
import { PrivateFileError, readPrivateFile } from '../credentials/private-file';
import { KimiInvalidArgumentError } from '../errors/kimi-error';
import type { Platform } from './platform';

type Sender = Parameters<Platform['readDeviceId']>[0];
type Environment = Parameters<Platform['readDeviceId']>[1];

export const readDeviceId: Platform['readDeviceId'] = async (sender, environment) => {
  const directory = deviceIdDirectory(sender, environment);
  if (directory === undefined) {
    return undefined;
  }
  const file = path.join(directory, 'device_id');
  try {
    const existing = await readIdFile(file);
    if (existing) {
      return existing;
    }
    // kimi-cli writes 32 hex digits, kimi-code the dashed form (docs/wire.md#device-id).
    await createIdFile(file, sender === 'kimi-cli' ? randomUUID().replaceAll('-', '') : randomUUID());
    return await readIdFile(file);
  } catch (error) {
    if (error instanceof PrivateFileError) {
      const message = `The device id cannot be used: ${error.message} Or set "identity.deviceId".`;
      throw new KimiInvalidArgumentError({ argument: 'identity.deviceId', message });
    }
    // A disk that cannot be read or written: the id is derived from the account.
    return undefined;
  }
};

function deviceIdDirectory(sender: Sender, environment: Environment): string | undefined {
  if (sender === 'host') {
    return dataDirectory({ environment });
  }
  const home = homeDirectory();
  const usual = home === undefined ? undefined : path.join(home, sender === 'kimi-cli' ? '.kimi' : '.kimi-code');
  return (sender === 'kimi-cli' ? environment.KIMI_SHARE_DIR : environment.KIMI_CODE_HOME) || usual;
}

/** `undefined` where there is no file, empty where it is blank. An id is no secret: its mode is the client's affair. */
async function readIdFile(file: string): Promise<string | undefined> {
  return (await readPrivateFile(file, { modes: 'ignored', limit: 4096 }))?.trim();
}

/** Whole or not at all, and never over a peer's: two processes that start together end up with one id. */
async function createIdFile(file: string, content: string): Promise<void> {
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    await makePrivateDirectory(path.dirname(file));
    await writeFile(temporary, content, { mode: 0o600, flag: 'wx' });
    try {
      await link(temporary, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw error;
      }
      if (!(await readIdFile(file))) {
        await rm(file, { force: true });
        await link(temporary, file);
      }
    }
  } finally {
    await rm(temporary, { force: true }).catch(() => {});
  }
}
