/** What the tests of the commands share: a fresh simulator and a fresh home for each, no keychain, no browser. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, vi } from 'vitest';
import type { KimiOAuthCredentials } from '../../src/index';
import { startKimiSimulator, type KimiSimulator, type KimiSimulatorOptions } from '../../src/simulator/index';
import { environmentFor, runInProcess, UNSET, type RunOptions, type RunResult } from './run-in-process';

/** The simulator's key of the coding service. */
export const KEY = 'sk-kimi-simulator';

export let simulator: KimiSimulator;
const environment = { ...process.env };

/** Another simulator, and another home with it: what one has issued, the other would refuse. */
export async function restart(options: KimiSimulatorOptions): Promise<void> {
  await simulator.close();
  simulator = await startKimiSimulator(options);
  Object.assign(process.env, environmentFor(simulator));
}

beforeEach(async () => {
  simulator = await startKimiSimulator({ autoApprove: true, deviceInterval: 1 });
  Object.assign(process.env, environmentFor(simulator));
  UNSET.forEach(name => delete process.env[name]);
  vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
});
afterEach(async () => {
  await simulator.close();
  process.env = { ...environment };
  vi.restoreAllMocks();
});

/** A command line, by words. stdin is an empty pipe unless said otherwise. */
export const run = (command: string | string[], options: RunOptions = {}): Promise<RunResult> =>
  runInProcess(typeof command === 'string' ? command.split(' ') : command, { input: '', ...options });

export const home = (): string => process.env.KIMI_PROVIDER_HOME ?? '';
/** Everything in the home that belongs to a login: its file, locks, temporary files. */
export const kept = (): string[] =>
  existsSync(home()) ? readdirSync(home()).filter(name => name !== 'device_id' && name !== 'cache') : [];
export const logins = (): string[] => kept().filter(name => name.endsWith('.json'));
/** The saved login. */
export const record = (): KimiOAuthCredentials =>
  JSON.parse(readFileSync(path.join(home(), logins()[0] ?? ''), 'utf8')) as KimiOAuthCredentials;
export const json = ({ stdout }: Pick<RunResult, 'stdout'>): Record<string, unknown> =>
  JSON.parse(stdout) as Record<string, unknown>;
export const lines = (result: RunResult): Array<Record<string, unknown>> =>
  result.stdout
    .trimEnd()
    .split('\n')
    .map(line => json({ stdout: line }));
