import { fstatSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { CommandContext, Input } from './command';
import { EXIT_CODES, Interruption } from './failures';
import { styled } from './terminal';

/** Who starts programs often leaves their stdin open without meaning to: after so long the wait is explained. */
const HINT_AFTER_MS = 2000;

/** What was piped in, or `undefined` where stdin is a terminal, `/dev/null` or closed. */
export async function readPipedInput(context: CommandContext): Promise<string | undefined> {
  const { stdin, abortSignal } = context;
  if (stdin.isTTY === true || !isPipe(stdin)) {
    return undefined;
  }
  const chunks: Uint8Array[] = [];
  const stop = (): void => void stdin.destroy(abortSignal.reason as Error);
  abortSignal.throwIfAborted();
  abortSignal.addEventListener('abort', stop, { once: true });
  const { errors } = context;
  const explain = () =>
    errors.text('Waiting for what is piped in. If nothing is to come from there, run it with "< /dev/null".', {
      sign: styled(errors.symbols.warning, 'yellow'),
    });
  const hint = setTimeout(explain, HINT_AFTER_MS);
  try {
    for await (const chunk of stdin) {
      clearTimeout(hint);
      chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Uint8Array));
    }
  } finally {
    clearTimeout(hint);
    abortSignal.removeEventListener('abort', stop);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A line from the terminal that is not shown while it is typed or pasted. */
export async function readHiddenLine({ stdin, errors, abortSignal }: CommandContext, prompt: string): Promise<string> {
  abortSignal.throwIfAborted();
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: stdin, output: nowhere, terminal: true, historySize: 0 });
  errors.print(prompt);
  let stop: (() => void) | undefined;
  try {
    return await new Promise<string>((resolve, reject) => {
      terminal.once('line', resolve);
      terminal.once('close', () => resolve(''));
      // In this mode Ctrl-C is a key, not a signal.
      terminal.once('SIGINT', () => reject(new Interruption('Interrupted.', EXIT_CODES.interrupted)));
      stop = () => reject(abortSignal.reason as Error);
      abortSignal.addEventListener('abort', stop, { once: true });
    });
  } finally {
    if (stop !== undefined) {
      abortSignal.removeEventListener('abort', stop);
    }
    terminal.close();
    errors.line();
  }
}

/** Asks a person at the terminal; anything but `y` or `yes` is a no. */
export async function confirm({ stdin, errors, abortSignal }: CommandContext, question: string): Promise<boolean> {
  abortSignal.throwIfAborted();
  errors.print(`${question} [y/N] `);
  // The terminal itself shows what is typed, and makes a signal of Ctrl-C.
  const terminal = createInterface({ input: stdin, terminal: false });
  let stop: (() => void) | undefined;
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      terminal.once('line', resolve);
      terminal.once('close', () => resolve(''));
      stop = () => reject(abortSignal.reason as Error);
      abortSignal.addEventListener('abort', stop, { once: true });
    });
    return /^\s*y(es)?\s*$/i.test(answer);
  } finally {
    if (stop !== undefined) {
      abortSignal.removeEventListener('abort', stop);
    }
    terminal.close();
  }
}

/** The keys of a terminal, for as long as a command has them. */
export type Keys = {
  /** Aborted by `q`, with which a command ends well, and by Ctrl-C, which is a key here and no signal. */
  readonly signal: AbortSignal;
  giveBack(): void;
};

/**
 * Takes the keys while a page is drawn: what is typed would stand in it, and a line end would move it. `undefined`
 * where stdin is no terminal.
 */
export function takeKeys({ stdin }: Pick<CommandContext, 'stdin'>): Keys | undefined {
  if (stdin.isTTY !== true || stdin.setRawMode === undefined) {
    return undefined;
  }
  const ending = new AbortController();
  const onKeys = (keys: unknown): void => {
    const text = String(keys);
    if (text.includes('\u0003')) {
      ending.abort(new Interruption('Interrupted.', EXIT_CODES.interrupted));
    } else if (/q/i.test(text)) {
      ending.abort(new Interruption('Ended by q.', EXIT_CODES.ok));
    }
  };
  stdin.setRawMode(true);
  stdin.on('data', onKeys);
  return {
    signal: ending.signal,
    giveBack() {
      stdin.off('data', onKeys);
      stdin.setRawMode?.(false);
      stdin.pause();
    },
  };
}

/** A program started without input often has a character device there, which would be waited for in vain. */
function isPipe({ fd }: Input): boolean {
  if (fd === undefined) {
    return true;
  }
  try {
    const kind = fstatSync(fd);
    return kind.isFIFO() || kind.isFile() || kind.isSocket();
  } catch {
    return false;
  }
}
