/** Claude Code's own configuration folder for Kimi (docs/decisions.md#80-claude-codes-own-folder). */
import { randomUUID } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { homeDirectory, makePrivateDirectory } from '../../credentials/data-directory';
import {
  KEYBINDINGS_FILE,
  SETTINGS_FILE,
  STATE_FILE,
  takenSettings,
  themeOf,
  THEMES_FOLDER,
  withAnswers,
  withHelper,
} from '../../hosts/claude-code/configuration';
import { UsageError } from '../failures';

/** Files of the user's that are larger are not taken. */
const LARGEST_TAKEN = 4 * 1024 * 1024;

/** So many themes are taken. */
const MOST_THEMES = 100;

/** The folder for Kimi: as given, else `~/.claude-kimi`. @throws UsageError where it is the user's own, or nowhere */
export function configFolder(given: string | undefined, home = homeDirectory()): string {
  if (given === undefined && home === undefined) {
    throw new UsageError('There is no home directory for ~/.claude-kimi. Say where: --config-dir <folder>');
  }
  const folder = given === undefined ? join(home as string, '.claude-kimi') : resolve(given);
  const others = home === undefined ? [] : [home, join(home, '.claude')].map(behindLinks);
  if (others.includes(behindLinks(folder))) {
    throw new UsageError(`${folder} is Claude Code's own place for its own account. Choose another --config-dir.`);
  }
  return folder;
}

function behindLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

/**
 * Makes the folder at its first use, with what is taken from `~/.claude`, and in any case puts in what this start
 * needs: no first questions, the key approved, the command that gives a login's token. Nothing is written where all is
 * as it should be, and nothing at all in the user's own folder.
 */
export async function prepareConfigFolder(
  folder: string,
  { key, helper }: { key: string | undefined; helper: string | undefined },
  home = homeDirectory(),
): Promise<void> {
  await makePrivateDirectory(folder);
  const settings = join(folder, SETTINGS_FILE);
  const state = join(folder, STATE_FILE);
  const isNew = !(await isThere(settings)) && !(await isThere(state));
  const theme = isNew && home !== undefined ? await takeFrom(home, folder) : undefined;
  await write(settings, withHelper(await textOf(settings), helper));
  await write(state, withAnswers(await textOf(state), { key, theme }));
}

/** Settings, keys and themes. What cannot be read is not taken. @returns the name of the user's theme */
async function takeFrom(home: string, folder: string): Promise<string | undefined> {
  const own = join(home, '.claude');
  const settings = await textOf(join(own, SETTINGS_FILE));
  await write(join(folder, SETTINGS_FILE), settings === undefined ? undefined : takenSettings(settings));
  await write(join(folder, KEYBINDINGS_FILE), await textOf(join(own, KEYBINDINGS_FILE)));

  const themes = (await readdir(join(own, THEMES_FOLDER)).catch(() => [])).filter(name => name.endsWith('.json'));
  if (themes.length > 0) {
    await makePrivateDirectory(join(folder, THEMES_FOLDER));
  }
  for (const name of themes.slice(0, MOST_THEMES)) {
    await write(join(folder, THEMES_FOLDER, name), await textOf(join(own, THEMES_FOLDER, name)));
  }
  // The state lies beside the folder, unless CLAUDE_CONFIG_DIR once named the folder itself.
  const states = [await textOf(join(home, STATE_FILE)), await textOf(join(own, STATE_FILE))];
  return states.map(text => (text === undefined ? undefined : themeOf(text))).find(theme => theme !== undefined);
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

async function textOf(path: string): Promise<string | undefined> {
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined || !stats.isFile() || stats.size > LARGEST_TAKEN) {
    return undefined;
  }
  return readFile(path, 'utf8').catch(() => undefined);
}

/** As a whole, for this user alone: a Claude Code that runs meanwhile reads the old text or the new. */
async function write(path: string, text: string | undefined): Promise<void> {
  if (text === undefined) {
    return;
  }
  const temporary = `${path}.${randomUUID()}.tmp`;
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.close();
    await rename(temporary, path);
  } catch (error) {
    await file.close().catch(() => undefined);
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
}
