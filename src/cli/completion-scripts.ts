/** What a shell must know to complete a command line of ours, and the scripts that tell it, one for each shell. */
import type { Option } from 'commander';
import type { Command } from './command';

/** The names of the program, by package.json "bin" (docs/decisions.md#100-a-short-name). */
export const PROGRAM_NAMES = ['ai-sdk-provider-kimi', 'kimi-provider'] as const;

export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type Shell = (typeof SHELLS)[number];

type Flag = {
  names: readonly string[];
  description: string;
  /** What follows it: nothing, a path, or one of these words (none: anything). */
  takes: 'nothing' | 'file' | readonly string[];
};

type Completed = { name: string; description: string; flags: readonly Flag[]; words: 'file' | readonly string[] };

/** The values of a parser that was made by `oneOf`. */
type Parser = Option['parseArg'] & { values?: readonly string[] };

function flagOf(option: Option): Flag {
  const names = [option.short, option.long].filter(name => name !== undefined);
  const takesValue = option.required || option.optional;
  const takes = !takesValue
    ? 'nothing'
    : /<(file|folder)/.test(option.flags)
      ? 'file'
      : ((option.parseArg as Parser | undefined)?.values ?? []);
  return { names, description: option.description, takes };
}

const HELP: Flag = { names: ['-h', '--help'], description: 'print this help', takes: 'nothing' };
const JSON_FLAG: Flag = { names: ['--json'], description: 'print JSON', takes: 'nothing' };

function completed(commands: readonly Command[]): Completed[] {
  const all = commands.map(({ name, description, options, words, wordValues = [], takesAllWords }): Completed => ({
    name,
    description,
    flags: [...(takesAllWords === true ? [] : [JSON_FLAG]), ...options.map(flagOf), HELP],
    words: /file/.test(words?.[0] ?? '') ? 'file' : wordValues,
  }));
  const names = all.map(({ name }) => name);
  return [...all, { name: 'help', description: 'print this help, or that of a command', flags: [], words: names }];
}

/** @returns a script that its shell reads when it starts */
export function completionScript(shell: Shell, commands: readonly Command[]): string {
  return { bash, zsh, fish, powershell }[shell](completed(commands));
}

const isList = (takes: Flag['takes'] | Completed['words']): takes is readonly string[] => typeof takes !== 'string';
const namesOf = (flags: readonly Flag[]): string[] => flags.flatMap(({ names }) => names);
const FUNCTION = '_ai_sdk_provider_kimi';
const ENDING = ['--help', '--version'];

function bash(commands: readonly Completed[]): string {
  const values = commands.flatMap(({ name, flags }) =>
    flags.flatMap(({ names, takes }) => {
      const answer =
        takes === 'file' ? '_kimi_files; return' : isList(takes) ? `_kimi_words ${quoted(takes)}; return` : '';
      return answer === '' ? [] : [`    ${names.map(flag => `"${name} ${flag}"`).join('|')}) ${answer} ;;`];
    }),
  );
  const words = commands.map(
    ({ name, flags, words: own }) =>
      `    ${name}) if [[ $cur == -* ]]; then _kimi_words ${quoted(namesOf(flags))}; ` +
      `else ${own === 'file' ? '_kimi_files' : `_kimi_words ${quoted(own)}`}; fi ;;`,
  );
  return `# Completion of ai-sdk-provider-kimi for bash.
${FUNCTION}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]}
  _kimi_offer() { COMPREPLY=(); local word; while IFS= read -r word; do COMPREPLY+=("$word"); done; }
  _kimi_words() { _kimi_offer < <(compgen -W "$1" -- "$cur"); }
  _kimi_files() { compopt -o filenames 2>/dev/null; _kimi_offer < <(compgen -f -- "$cur"); }
  if (( COMP_CWORD == 1 )); then
    _kimi_words ${quoted([...commands.map(({ name }) => name), ...ENDING])}
    return
  fi
  case "$command $prev" in
${values.join('\n')}
  esac
  case "$command" in
${words.join('\n')}
  esac
}
complete -F ${FUNCTION} ${PROGRAM_NAMES.join(' ')}
`;
}

/** In single quotes, for bash, zsh and fish: none of our texts has one that must stay. */
function quoted(words: readonly string[]): string {
  return `'${words.join(' ').replaceAll("'", '’')}'`;
}

function zsh(commands: readonly Completed[]): string {
  const plain = (text: string): string => text.replaceAll("'", '’').replace(/[[\]:\\]/g, '\\$&');
  const argument = (takes: Flag['takes'] | Completed['words']): string =>
    takes === 'file' ? ':file:_files' : isList(takes) ? `:value:${takes.length > 0 ? `(${takes.join(' ')})` : ''}` : '';
  const specs = ({ flags, words }: Completed): string[] => [
    ...flags.flatMap(({ names, description, takes }) =>
      names.map(name => `'*${name}[${plain(description)}]${argument(takes)}'`),
    ),
    ...(words.length > 0 ? [`'*${argument(words)}'`] : []),
  ];
  return `#compdef ${PROGRAM_NAMES.join(' ')}
# Completion of ai-sdk-provider-kimi for zsh.
${FUNCTION}() {
  local -a commands
  commands=(
${commands.map(({ name, description }) => `    '${name}:${plain(description)}'`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
${commands.map(command => `    ${command.name}) _arguments ${specs(command).join(' ')} ;;`).join('\n')}
  esac
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  ${FUNCTION} "$@"
else
  compdef ${FUNCTION} ${PROGRAM_NAMES.join(' ')}
fi
`;
}

function fish(commands: readonly Completed[]): string {
  const lines = PROGRAM_NAMES.flatMap(program => {
    const complete = `complete -c ${program}`;
    return [
      `${complete} -f`,
      ...commands.flatMap(({ name, description, flags, words }) => {
        const inside = `-n '__fish_seen_subcommand_from ${name}'`;
        return [
          `${complete} -n __fish_use_subcommand -a ${name} -d ${quoted([description])}`,
          ...flags.map(({ names, description: said, takes }) => {
            const flag = names
              .map(one => (one.startsWith('--') ? `-l ${one.slice(2)}` : `-s ${one.slice(1)}`))
              .join(' ');
            const value =
              takes === 'file' ? ' -rF' : isList(takes) ? ` -x${takes.length > 0 ? `a ${quoted(takes)}` : ''}` : '';
            return `${complete} ${inside} ${flag}${value} -d ${quoted([said])}`;
          }),
          ...(words === 'file' ? [`${complete} ${inside} -F`] : []),
          ...(isList(words) && words.length > 0 ? [`${complete} ${inside} -a ${quoted(words)}`] : []),
        ];
      }),
    ];
  });
  return `# Completion of ai-sdk-provider-kimi for fish.\n${lines.join('\n')}\n`;
}

function powershell(commands: readonly Completed[]): string {
  const list = (words: readonly string[]): string => `@(${words.map(word => `'${word}'`).join(', ')})`;
  const flags = commands.map(({ name, flags: own }) => `    '${name}' = ${list(namesOf(own))}`);
  const values = commands.flatMap(({ name, flags: own, words }) => [
    ...own.flatMap(({ names, takes }) =>
      isList(takes) && takes.length > 0 ? names.map(flag => `    '${name} ${flag}' = ${list(takes)}`) : [],
    ),
    ...(isList(words) && words.length > 0 ? [`    '${name} ${name}' = ${list(words)}`] : []),
  ]);
  return `# Completion of ai-sdk-provider-kimi for PowerShell.
Register-ArgumentCompleter -Native -CommandName ${PROGRAM_NAMES.join(', ')} -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $flags = @{
${flags.join('\n')}
  }
  $values = @{
${values.join('\n')}
  }
  $typed = $commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition }
  $before = @($typed | ForEach-Object { "$_" })
  $found = if ($before.Count -le 1) { ${list([...commands.map(({ name }) => name), ...ENDING])} }
    elseif ($values.ContainsKey("$($before[1]) $($before[-1])")) { $values["$($before[1]) $($before[-1])"] }
    else { $flags[$before[1]] }
  $found | Where-Object { $_ -like "$wordToComplete*" } | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
  }
}
`;
}
