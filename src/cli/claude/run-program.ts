/** Another program in the place of this one: its terminal, its signals, its exit code. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Start } from '../../hosts/claude-code/program';

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/**
 * Runs it to its end. Signals are its own affair meanwhile: a terminal sends Ctrl-C to both, so there it is not sent
 * twice.
 * @returns its exit code; 128 and the number of the signal that ended it, as a shell has it
 * @throws the error of the system when it cannot be started
 */
export async function runProgram(
  { file, parameters, isCommandLine }: Start,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const listeners = new Map<NodeJS.Signals, NodeJS.SignalsListener[]>();
  const child = spawn(file, parameters, {
    env: { ...environment },
    stdio: 'inherit',
    windowsVerbatimArguments: isCommandLine,
  });
  const onTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  const forward = (signal: NodeJS.Signals): void => {
    if (!(onTerminal && (signal === 'SIGINT' || signal === 'SIGQUIT'))) {
      child.kill(signal);
    }
  };
  for (const signal of FORWARDED.filter(name => process.platform !== 'win32' || name === 'SIGINT')) {
    listeners.set(signal, process.listeners(signal) as NodeJS.SignalsListener[]);
    process.removeAllListeners(signal);
    process.on(signal, forward);
  }
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
    });
  } finally {
    for (const [signal, before] of listeners) {
      process.removeListener(signal, forward);
      before.forEach(listener => process.on(signal, listener));
    }
  }
}
