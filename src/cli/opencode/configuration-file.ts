/** Where opencode's configuration is, and how a file of it is changed without losing anything. */
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readFile, realpath, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { homeDirectory } from '../../credentials/data-directory';
import { NEW_CONFIGURATION, NEW_TUI_CONFIGURATION } from '../../hosts/opencode/names';
import { UsageError } from '../failures';

/** No configuration that a person writes is larger. */
const LARGEST = 4 * 1024 * 1024;

export type ConfigurationFile = {
  path: string;
  /** As it is; `undefined` where there is none yet. */
  before: string | undefined;
  /** What a file that is not there begins with. */
  initial: string;
};

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The two files that opencode reads (docs/wire.md#opencode-configuration): settings, and those of its terminal. Of the
 * spellings, the one that is there.
 * @param isProject those of the working directory, instead of the user's
 * @throws UsageError for a file that cannot be read, and where there is no home
 */
export async function configurationFiles(
  { environment, isProject }: { environment: Environment; isProject: boolean },
  directory = process.cwd(),
): Promise<{ settings: ConfigurationFile; terminal: ConfigurationFile }> {
  const folder = isProject ? directory : userFolder(environment);
  const beside = isProject ? join(directory, '.opencode') : folder;
  const places = isProject ? [folder, beside] : [folder];
  const settings = places.flatMap(place => ['opencode.jsonc', 'opencode.json'].map(name => join(place, name)));
  const terminal = ['tui.jsonc', 'tui.json'].map(name => join(beside, name));
  return {
    settings: await firstOf(settings, join(folder, 'opencode.json'), NEW_CONFIGURATION),
    terminal: await firstOf(terminal, join(beside, 'tui.json'), NEW_TUI_CONFIGURATION),
  };
}

function userFolder({ XDG_CONFIG_HOME: configured }: Environment): string {
  const home = homeDirectory();
  if (!configured && home === undefined) {
    throw new UsageError("There is no home directory with opencode's configuration. Use --project, or --print.");
  }
  return join(configured || join(home as string, '.config'), 'opencode');
}

async function firstOf(paths: string[], otherwise: string, initial: string): Promise<ConfigurationFile> {
  for (const path of paths) {
    const before = await read(path);
    if (before !== undefined) {
      return { path, before, initial };
    }
  }
  return { path: otherwise, before: undefined, initial };
}

async function read(path: string): Promise<string | undefined> {
  try {
    const { size } = await stat(path);
    if (size > LARGEST) {
      throw new UsageError(`${path} is larger than ${LARGEST / 1024 / 1024} MB.`);
    }
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return undefined;
    }
    throw error instanceof UsageError ? error : cannot('read', path, error);
  }
}

/**
 * Replaces a file in one step, behind links and with the permissions it has; nobody else's change in between is lost.
 * @param after `undefined` removes it
 * @throws UsageError
 */
export async function replaceConfiguration({ path, before }: ConfigurationFile, after: string | undefined) {
  if ((await read(path)) !== before) {
    throw new UsageError(`${path} has changed in the meantime, and was left alone. Run this again.`);
  }
  try {
    if (after === undefined) {
      await unlink(path);
      return;
    }
    await mkdir(dirname(path), { recursive: true });
    const target = before === undefined ? path : await realpath(path);
    const temporary = `${target}.${randomUUID()}.tmp`;
    try {
      await writeFile(temporary, after, { flag: 'wx' });
      if (before !== undefined) {
        await chmod(temporary, (await stat(target)).mode);
      }
      await rename(temporary, target);
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      throw error;
    }
  } catch (error) {
    throw cannot('write', path, error);
  }
}

function cannot(what: 'read' | 'write', path: string, error: unknown): UsageError {
  return new UsageError(`Cannot ${what} ${path}: ${error instanceof Error ? error.message : String(error)}`);
}
