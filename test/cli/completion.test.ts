/** The scripts in the shells that this machine has; bash is asked everywhere but on Windows. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { completionScript, PROGRAM_NAMES, SHELLS } from '../../src/cli/completion-scripts';
import { COMMANDS } from '../../src/cli/run-cli';
import { bin } from '../../package.json';
import { run } from './command-harness';

const has = (shell: string): boolean => spawnSync(shell, ['-c', 'exit 0']).status === 0;
const NAMES = [...COMMANDS.map(({ name }) => name), 'help'];

/** What the shell offers for a command line; the last word is the one that is being typed. */
function offers(shell: 'bash' | 'zsh' | 'fish', words: readonly string[]): string[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'kimi-completion-'));
  writeFileSync(path.join(folder, 'video.mp4'), '');
  const file = path.join(folder, 'script');
  writeFileSync(file, completionScript(shell, COMMANDS));
  const line = [PROGRAM_NAMES[0], ...words];
  const asked = {
    bash: `source ${file}; COMP_WORDS=(${line.map(word => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}
      _ai_sdk_provider_kimi; printf '%s\\n' "\${COMPREPLY[@]}"`,
    // The words that zsh would show are those that compadd is called with.
    zsh: `autoload -U compinit; compinit -u -d ${folder}/dump; source ${file}
      _describe() { print -l \${(P)\${@[-1]}%%:*} }; _arguments() { print -l -- "$@" }
      words=(${line.map(word => `'${word}'`).join(' ')}); CURRENT=${words.length + 1}; _ai_sdk_provider_kimi`,
    fish: `source ${file}; complete --do-complete '${line.join(' ')}'`,
  }[shell];
  const flags = shell === 'bash' ? ['--noprofile', '--norc'] : shell === 'zsh' ? ['-f'] : ['--no-config'];
  const { stdout, stderr, status } = spawnSync(shell, [...flags, '-c', asked], { cwd: folder, encoding: 'utf8' });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return stdout.split('\n').filter(text => text !== '');
}

describe.runIf(has('bash') && process.platform !== 'win32')('in bash', () => {
  it('offers all commands, and those that begin so', () => {
    expect(offers('bash', [''])).toEqual([...NAMES, '--help', '--version']);
    expect(offers('bash', ['log'])).toEqual(['login', 'logout']);
    expect(offers('bash', ['help', 'st'])).toEqual(['status']);
  });

  it.each(
    COMMANDS.filter(({ takesAllWords }) => takesAllWords !== true).map(({ name, options }) => ({ name, options })),
  )('offers the flags of $name', ({ name, options }) => {
    const flags = options.flatMap(({ long }) => (long ? [long] : []));
    expect(offers('bash', [name, '--'])).toEqual(expect.arrayContaining(['--json', '--help', ...flags]));
  });

  it('offers the values that a flag takes, and files where it takes one', () => {
    expect(offers('bash', ['login', '--region', ''])).toEqual(['mainland-cn', 'global']);
    expect(offers('bash', ['status', '--store', 'kimi'])).toEqual(['kimi-code', 'kimi-cli']);
    expect(offers('bash', ['completion', ''])).toEqual([...SHELLS]);
    expect(offers('bash', ['upload', 'vid'])).toEqual(['video.mp4']);
    expect(offers('bash', ['ask', '--attach', ''])).toContain('video.mp4');
    expect(offers('bash', ['login', ''])).toEqual([]);
  });
});

it.runIf(has('zsh'))('zsh takes its script, and gets commands, flags and values of it', () => {
  expect(offers('zsh', [''])).toEqual(NAMES);
  const flags = offers('zsh', ['login', '']);
  expect(flags).toContain('*--region[mainland-cn (kimi.com) or global (kimi.ai)]:value:(mainland-cn global)');
  expect(offers('zsh', ['upload', ''])).toContain('*:file:_files');
});

it.runIf(has('fish'))('fish takes its script, and completes by it', () => {
  const words = (line: string[]) => offers('fish', line).map(text => text.split('\t')[0]);
  expect(words(['']).toSorted()).toEqual(NAMES.toSorted());
  expect(words(['login', '--region', '']).toSorted()).toEqual(['global', 'mainland-cn']);
  expect(words(['login', '--no'])).toEqual(['--no-browser']);
});

it('PowerShell gets all commands, flags and values', () => {
  const script = completionScript('powershell', COMMANDS);
  NAMES.forEach(name => expect(script).toContain(`'${name}'`));
  expect(script).toContain("'login --region' = @('mainland-cn', 'global')");
  expect(script).toContain("'completion completion' = @('bash', 'zsh', 'fish', 'powershell')");
});

it('the command prints it, is for the names that npm installs, and refuses another shell', async () => {
  expect(Object.keys(bin)).toEqual([...PROGRAM_NAMES]);
  for (const shell of SHELLS) {
    const { code, stdout } = await run(['completion', shell]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: completionScript(shell, COMMANDS) });
    PROGRAM_NAMES.forEach(name => expect(stdout).toContain(name));
  }
  expect(await run('completion tcsh')).toMatchObject({ code: 2, stdout: '' });
});
