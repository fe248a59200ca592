/** Which of the words behind `claude` are ours, and which are Claude Code's. */
import { UsageError } from '../failures';
import type { ShellName } from './shell-exports';

/** What is ours of the words. */
export type ClaudeOptions = {
  model?: string;
  account?: string;
  region?: string;
  configDir?: string;
  /** `true`: for the shell that this looks like. */
  printEnv?: ShellName | true;
  /** Print a key on a terminal, too. */
  force?: boolean;
  allowInsecure?: boolean;
  /** `--yolo` and its like were among them. */
  yolo: boolean;
  /** Settings for this run, as Claude Code takes them: JSON or a path. */
  settings?: string;
  /** Everything else, in its order, for Claude Code. */
  passedOn: string[];
};

const VALUES = {
  '--model': 'model',
  '--account': 'account',
  '--region': 'region',
  '--config-dir': 'configDir',
  // Claude Code heeds one `--settings`, the last, so that theirs and ours have to be one.
  '--settings': 'settings',
} as const;

const YOLO = ['--yolo', '--yes', '-y'];

const SHELLS: Readonly<Record<string, ShellName>> = {
  bash: 'bash',
  zsh: 'bash',
  sh: 'bash',
  fish: 'fish',
  powershell: 'powershell',
  pwsh: 'powershell',
  json: 'json',
};

/**
 * Ours may stand anywhere before `--`, as `--model k3` or `--model=k3`; what follows `--` is Claude Code's, as the `--`
 * itself is.
 * @throws UsageError
 */
export function parseClaudeArguments(words: readonly string[]): ClaudeOptions {
  const options: ClaudeOptions = { yolo: false, passedOn: [] };
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as string;
    if (word === '--') {
      options.passedOn.push(...words.slice(index));
      break;
    }
    const [name, attached] = splitOption(word);
    const value = VALUES[name as keyof typeof VALUES];
    if (value !== undefined) {
      options[value] = attached ?? words[++index] ?? '';
      if (options[value].trim() === '' || (attached === undefined && options[value].startsWith('--'))) {
        throw new UsageError(`${name} needs a value.`);
      }
    } else if (name === '--print-env') {
      const shell = attached ?? words[index + 1] ?? '';
      options.printEnv = SHELLS[shell.toLowerCase()] ?? true;
      if (attached === undefined && options.printEnv !== true) {
        index++;
      } else if (attached !== undefined && options.printEnv === true) {
        throw new UsageError(`--print-env knows ${Object.keys(SHELLS).join(', ')}, not ${JSON.stringify(attached)}.`);
      }
    } else if (YOLO.includes(word)) {
      options.yolo = true;
    } else if (word === '--force') {
      options.force = true;
    } else if (word === '--allow-insecure') {
      options.allowInsecure = true;
    } else {
      options.passedOn.push(word);
    }
  }
  return checked(options);
}

function checked(options: ClaudeOptions): ClaudeOptions {
  if (options.printEnv !== undefined && (options.passedOn.length > 0 || options.yolo)) {
    const left = options.passedOn[0] ?? '--yolo';
    throw new UsageError(`--print-env starts nothing, so that ${JSON.stringify(left)} has no place beside it.`);
  }
  if (options.yolo) {
    options.passedOn.unshift('--dangerously-skip-permissions');
  }
  return options;
}

function splitOption(word: string): [name: string, value: string | undefined] {
  const at = word.startsWith('--') ? word.indexOf('=') : -1;
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}
