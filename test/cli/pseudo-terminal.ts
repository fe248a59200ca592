import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { stripVTControlCharacters } from 'node:util';
import { TerminalScreen } from './terminal-screen';

/** `script` of util-linux or of macOS: the one program that gives a real terminal on both. */
export const hasPseudoTerminal =
  process.platform !== 'win32' && spawnSync('sh', ['-c', 'command -v script']).status === 0;

export type PseudoTerminal = {
  child: ChildProcess;
  /** Presses keys. */
  type(keys: string): void;
  /** Everything that was written so far, as it came. */
  raw(): string;
  /** The same as a person sees it when it scrolled by: lines that a spinner replaced are gone, and so are colours. */
  text(): string;
  /** What its window shows now. */
  screen(): TerminalScreen;
  /** Waits until the window is so. */
  until(isSo: (screen: TerminalScreen) => boolean): Promise<void>;
  /** Waits until the text has it; gives its first group. */
  shown(pattern: RegExp): Promise<string>;
  /** The command's exit code. */
  ended: Promise<number | null>;
};

/** Runs Node with `argv` in a real pseudo-terminal. */
export function openPseudoTerminal(
  argv: readonly string[],
  {
    columns,
    rows = 60,
    env,
    cwd = process.cwd(),
  }: { columns: number; rows?: number | undefined; env: NodeJS.ProcessEnv; cwd?: string },
): PseudoTerminal {
  const quoted = [process.execPath, ...argv].map(word => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');
  const command = `stty cols ${columns} rows ${rows} && exec ${quoted}`;
  const parameters =
    process.platform === 'darwin' ? ['-q', '/dev/null', 'sh', '-c', command] : ['-qefc', command, '/dev/null'];
  const child = spawn('script', parameters, {
    cwd,
    env: { ...env, TERM: 'xterm-256color' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let raw = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (raw += text));
  const text = () =>
    stripVTControlCharacters(
      raw
        .replaceAll('\r\n', '\n')
        // oxlint-disable-next-line no-control-regex -- what the spinner writes
        .replace(/\x1b\[\?\d+[hl]/g, '')
        // oxlint-disable-next-line no-control-regex
        .replace(/[^\n]*\x1b\[1G(?:\x1b\[0K|\x1b\[1A)*/g, ''),
    );
  const screen = () => TerminalScreen.of(raw, { columns, rows });
  return {
    child,
    type: keys => void child.stdin.write(keys),
    raw: () => raw,
    text,
    screen,
    async until(isSo) {
      while (!isSo(screen())) {
        await once(child.stdout, 'data');
      }
    },
    async shown(pattern) {
      while (!pattern.test(text())) {
        await once(child.stdout, 'data');
      }
      return pattern.exec(text())?.[1] ?? '';
    },
    ended: once(child, 'close').then(([code]) => code as number | null),
  };
}
