/** Variables as the commands of a shell that set them. */

export type ShellName = 'bash' | 'fish' | 'powershell' | 'json';

/** What a shell is to set, and what it is to forget. */
export type EnvironmentChange = { set: Readonly<Record<string, string>>; unset: readonly string[] };

/** One command a line; `json` is one object, in which what is to be forgotten is `null`. Names are upper-case words. */
export function shellExports(shell: ShellName, { set, unset }: EnvironmentChange): string {
  if (shell === 'json') {
    return JSON.stringify({ ...Object.fromEntries(unset.map(name => [name, null])), ...set }, null, 2);
  }
  const { forget, export: setOne } = COMMANDS[shell];
  return [...unset.map(forget), ...Object.entries(set).map(([name, value]) => setOne(name, value))].join('\n');
}

const COMMANDS: Readonly<
  Record<
    Exclude<ShellName, 'json'>,
    { forget: (name: string) => string; export: (name: string, value: string) => string }
  >
> = {
  bash: {
    forget: name => `unset ${name}`,
    export: (name, value) => `export ${name}=${quotedForPosix(value)}`,
  },
  fish: {
    forget: name => `set -e ${name}`,
    // In its single quotes, a backslash escapes itself and the quote.
    export: (name, value) => `set -gx ${name} '${value.replace(/[\\']/g, String.raw`\$&`)}'`,
  },
  powershell: {
    forget: name => `Remove-Item Env:${name} -ErrorAction SilentlyContinue`,
    export: (name, value) => `$env:${name} = '${value.replaceAll("'", "''")}'`,
  },
};

/** One word of a command of `sh`. */
export function quotedForPosix(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** The shell that most likely reads what is printed. */
export function likelyShell(
  platform: NodeJS.Platform,
  environment: Readonly<Record<string, string | undefined>>,
): ShellName {
  if (platform === 'win32') {
    return environment.SHELL === undefined ? 'powershell' : 'bash';
  }
  return /(?:^|\/)fish$/.test(environment.SHELL ?? '') ? 'fish' : 'bash';
}
