/** Where Claude Code is installed, and how a program with arguments is started on Windows. Pure. */
import { posix, win32 } from 'node:path';

/** What a person runs who has no Claude Code (docs/wire.md#claude-code-program). */
export const INSTALL_COMMAND = 'npm install -g @anthropic-ai/claude-code';

/** What to start. `isCommandLine`: `parameters` are one line for `cmd.exe`, quoted already. */
export type Start = { file: string; parameters: string[]; isCommandLine: boolean };

/** The folder of npm's own shims has the program in here. */
const IN_NPM_FOLDER = ['node_modules', '@anthropic-ai', 'claude-code', 'bin', 'claude.exe'];

/** How Claude Code is looked for. */
export type Search = {
  platform: NodeJS.Platform;
  environment: Readonly<Record<string, string | undefined>>;
  home: string | undefined;
  /** Whether there is a file that may be run. */
  isProgram(path: string): boolean;
};

/** The first `claude` of PATH, else where its own installers put it; `undefined` where there is none. */
export function findClaudeCode({ platform, environment, home, isProgram }: Search): string | undefined {
  const isWindows = platform === 'win32';
  const path = isWindows ? win32 : posix;
  const list = Object.entries(environment).find(([name]) => (isWindows ? /^path$/i : /^PATH$/).test(name))?.[1] ?? '';
  // Before the shell script of the same name, which Windows cannot run.
  const names = isWindows ? ['claude.exe', 'claude.cmd'] : ['claude'];
  const own = home === undefined ? [] : [path.join(home, '.local', 'bin'), path.join(home, '.claude', 'local')];
  const folders = [...list.split(path.delimiter).filter(folder => path.isAbsolute(folder)), ...own];
  const found = folders.flatMap(folder => names.map(name => path.join(folder, name))).find(isProgram);
  if (found === undefined || !found.endsWith('.cmd')) {
    return found;
  }
  // Started by itself, no argument passes through cmd.exe.
  const behind = path.join(path.dirname(found), ...IN_NPM_FOLDER);
  return isProgram(behind) ? behind : found;
}

/** Only cmd.exe runs a `.cmd`: what the arguments say must not be commands to it. */
export function startOf(
  program: string,
  parameters: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Start {
  if (!program.endsWith('.cmd')) {
    return { file: program, parameters: [...parameters], isCommandLine: false };
  }
  // npm's shim hands its arguments to cmd.exe once more, so they are escaped twice.
  const words = [escapedForCmd(program), ...parameters.map(word => escapedForCmd(escapedForCmd(quotedWord(word))))];
  const file = environment.ComSpec ?? environment.COMSPEC ?? 'cmd.exe';
  return { file, parameters: ['/d', '/s', '/c', `"${words.join(' ')}"`], isCommandLine: true };
}

/** As the C runtime of a Windows program reads it: backslashes count only before a quote. */
function quotedWord(word: string): string {
  let quoted = '"';
  let backslashes = 0;
  for (const character of word) {
    if (character === '"') {
      quoted += `${'\\'.repeat(backslashes + 1)}"`;
    } else {
      quoted += character;
    }
    backslashes = character === '\\' ? backslashes + 1 : 0;
  }
  return `${quoted}${'\\'.repeat(backslashes)}"`;
}

function escapedForCmd(text: string): string {
  return text.replace(/[()[\]%!^"`<>&|;, *?]/g, '^$&');
}
