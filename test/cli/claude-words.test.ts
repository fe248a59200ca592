import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { parseClaudeArguments } from '../../src/cli/claude/arguments';
import { configFolder } from '../../src/cli/claude/config-folder';
import { likelyShell, shellExports } from '../../src/cli/claude/shell-exports';
import { runSettings, takenSettings, withAnswers, withHelper } from '../../src/hosts/claude-code/configuration';
import { findClaudeCode, startOf } from '../../src/hosts/claude-code/program';

describe('words behind claude', () => {
  it('are ours wherever they stand, until --', () => {
    const words = ['-p', 'x', '--model', 'k3', '--account=work', '-y', '--resume', '--', '--model', 'y'];
    expect(parseClaudeArguments(words)).toEqual({
      model: 'k3',
      account: 'work',
      yolo: true,
      passedOn: ['--dangerously-skip-permissions', '-p', 'x', '--resume', '--', '--model', 'y'],
    });
  });

  it('leave a value with an equals sign whole', () => {
    expect(parseClaudeArguments(['--settings={"a":"b=c"}'])).toMatchObject({ settings: '{"a":"b=c"}' });
  });

  it('take a shell by its names', () => {
    expect(parseClaudeArguments(['--print-env', 'zsh']).printEnv).toBe('bash');
    expect(parseClaudeArguments(['--print-env=PowerShell']).printEnv).toBe('powershell');
    expect(parseClaudeArguments(['--print-env', '--model', 'k3'])).toMatchObject({ printEnv: true, model: 'k3' });
  });
});

describe('Claude Code', () => {
  const on = (platform: NodeJS.Platform, programs: string[], environment: Record<string, string>, home?: string) =>
    findClaudeCode({ platform, environment, home, isProgram: path => programs.includes(path) });

  it('is found on PATH before where its installers put it', () => {
    const programs = ['/b/claude', '/home/me/.local/bin/claude'];
    expect(on('linux', programs, { PATH: '/a:/b' }, '/home/me')).toBe('/b/claude');
    expect(on('linux', programs, { PATH: '/a' }, '/home/me')).toBe('/home/me/.local/bin/claude');
    expect(on('linux', programs, {})).toBeUndefined();
    // A folder that is relative to wherever one happens to be is no place to find programs in.
    expect(on('linux', ['claude', 'x/claude'], { PATH: '.:x:' }, '/home/me')).toBeUndefined();
  });

  it('is its own program on Windows, also behind a shim of npm', () => {
    const folder = String.raw`C:\Users\me\AppData\Roaming\npm`;
    const behind = String.raw`${folder}\node_modules\@anthropic-ai\claude-code\bin\claude.exe`;
    const shim = String.raw`${folder}\claude.cmd`;
    expect(on('win32', [shim, behind], { Path: folder })).toBe(behind);
    expect(on('win32', [shim], { Path: folder })).toBe(shim);
    const native = String.raw`C:\Users\me\.local\bin\claude.exe`;
    expect(on('win32', [native], { PATH: folder }, String.raw`C:\Users\me`)).toBe(native);
  });

  it('is started by cmd.exe only behind another shim, and no word is a command to that', () => {
    const exe = String.raw`C:\a b\claude.exe`;
    expect(startOf(exe, ['a "b"', '%PATH%'], {})).toEqual({
      file: exe,
      parameters: ['a "b"', '%PATH%'],
      isCommandLine: false,
    });
    const { file, parameters, isCommandLine } = startOf(String.raw`C:\claude.cmd`, [String.raw`a\"&calc`, '%X%\\'], {
      ComSpec: String.raw`C:\cmd.exe`,
    });
    expect({ file, isCommandLine }).toEqual({ file: String.raw`C:\cmd.exe`, isCommandLine: true });
    expect(parameters.slice(0, 3)).toEqual(['/d', '/s', '/c']);
    // cmd.exe takes one layer of carets for the shim's line, the shim's own line the other.
    const once = (parameters[3] ?? '').slice(1, -1).replace(/\^(.)/g, '$1');
    expect(once.replace(/\^(.)/g, '$1')).toBe(String.raw`C:\claude.cmd "a\\\"&calc" "%X%\\"`);
    expect(once).toMatch(/\^&calc/);
  });
});

describe('its folder', () => {
  it('is never the one of its own account', () => {
    expect(configFolder(undefined, '/home/me')).toBe('/home/me/.claude-kimi');
    expect(configFolder('/x/../y', '/home/me')).toBe('/y');
    expect(() => configFolder('/home/me/.claude/', '/home/me')).toThrow('own account');
    expect(() => configFolder('/home/me', '/home/me')).toThrow('own account');
  });

  it('keeps what is there, and a file with a slip in it as it is', () => {
    expect(withHelper('{"theme":"x","apiKeyHelper":"old"}', 'new')).toBe(
      '{\n  "theme": "x",\n  "apiKeyHelper": "new"\n}\n',
    );
    expect(withHelper('{"apiKeyHelper":"same"}', 'same')).toBeUndefined();
    expect(withHelper('{"a":1,}', 'new')).toBeUndefined();
    expect(withHelper(undefined, undefined)).toBeUndefined();
    expect(takenSettings('[]')).toBeUndefined();
    expect(withAnswers('oops', { key: 'k', theme: undefined })).toBeUndefined();
  });

  it('approves a new key beside others, also one that was rejected', () => {
    const key = `sk-kimi-${'a'.repeat(30)}`;
    const tail = 'a'.repeat(20);
    const before = { numStartups: 3, customApiKeyResponses: { approved: ['other'], rejected: [tail, 'no'] } };
    const after = withAnswers(JSON.stringify(before), { key, theme: 'light' }) ?? '';
    expect(JSON.parse(after)).toEqual({
      theme: 'light',
      numStartups: 3,
      hasCompletedOnboarding: true,
      customApiKeyResponses: { approved: ['other', tail], rejected: ['no'] },
    });
    expect(withAnswers(after, { key, theme: 'dark' })).toBeUndefined();
  });

  it('leaves no setting of a run that leads elsewhere', () => {
    const given = { apiKeyHelper: 'theirs', env: { ANTHROPIC_AUTH_TOKEN: 'x', CLAUDE_CODE_USE_VERTEX: '1', A: 'b' } };
    expect(JSON.parse(runSettings(given, { ANTHROPIC_BASE_URL: 'u' }, undefined))).toEqual({
      apiKeyHelper: '',
      env: { A: 'b', ANTHROPIC_BASE_URL: 'u' },
    });
  });
});

describe('what a shell is to set', () => {
  const change = { set: { A: `it's $HOME \`x\` "y" \\ z` }, unset: ['B'] };

  it.skipIf(process.platform === 'win32')('reads the same in sh', () => {
    const script = `${shellExports('bash', change)}\nprintf '%s/%s' "$A" "\${B-none}"`;
    const { stdout } = spawnSync('/bin/sh', ['-c', script], { env: { B: 'b' }, encoding: 'utf8' });
    expect(stdout).toBe(`${change.set.A}/none`);
  });

  it('is quoted for fish and PowerShell', () => {
    expect(shellExports('fish', change)).toBe(
      String.raw`set -e B
set -gx A 'it\'s $HOME ${'`x`'} "y" \\ z'`,
    );
    expect(shellExports('powershell', change)).toBe(
      `Remove-Item Env:B -ErrorAction SilentlyContinue\n$env:A = 'it''s $HOME \`x\` "y" \\ z'`,
    );
    expect(JSON.parse(shellExports('json', change))).toEqual({ A: change.set.A, B: null });
  });

  it('is for the shell that this looks like', () => {
    expect(likelyShell('win32', {})).toBe('powershell');
    expect(likelyShell('win32', { SHELL: '/usr/bin/bash' })).toBe('bash');
    expect(likelyShell('linux', { SHELL: '/usr/bin/fish' })).toBe('fish');
    expect(likelyShell('darwin', {})).toBe('bash');
  });
});
