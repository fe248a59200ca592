import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KimiSimulator } from '../../src/simulator/index';

export type ClientRun = { code: number | null; stdout: string; stderr: string };
type StoredToken = { access_token: string; refresh_token: string; expires_at: number; expires_in: number };

/** A machine with nothing on it but the real client, pointed at one simulator. */
export class OfficialClientHome {
  readonly workFolder: string;
  private readonly home: string;
  private readonly entry: string;
  private readonly environment: Record<string, string>;

  constructor(entry: string, simulator: KimiSimulator) {
    this.entry = entry;
    this.home = mkdtempSync(join(tmpdir(), 'kimi-official-home-'));
    this.workFolder = join(this.home, 'work');
    mkdirSync(this.workFolder);
    this.environment = {
      PATH: process.env.PATH ?? '',
      ...(process.env.SystemRoot === undefined ? {} : { SystemRoot: process.env.SystemRoot }),
      HOME: this.home,
      USERPROFILE: this.home,
      KIMI_CODE_HOME: join(this.home, 'kimi-code'),
      KIMI_CODE_BASE_URL: simulator.apiBaseURL,
      KIMI_CODE_OAUTH_HOST: simulator.oauthHost,
      KIMI_DISABLE_TELEMETRY: '1',
      KIMI_CODE_NO_AUTO_UPDATE: '1',
    };
  }

  /** Runs the real program to its end. `onStderr` sees what it has printed so far. */
  run(commandLine: readonly string[], onStderr?: (text: string) => void): Promise<ClientRun> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [this.entry, ...commandLine], {
        env: this.environment,
        cwd: this.workFolder,
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: 45_000,
      });
      const run: ClientRun = { code: null, stdout: '', stderr: '' };
      child.stdout.on('data', (bytes: Buffer) => (run.stdout += bytes.toString()));
      child.stderr.on('data', (bytes: Buffer) => {
        run.stderr += bytes.toString();
        onStderr?.(run.stderr);
      });
      child.once('error', reject);
      child.once('close', code => resolve({ ...run, code }));
    });
  }

  readToken(): StoredToken {
    return JSON.parse(readFileSync(this.tokenFile(), 'utf8')) as StoredToken;
  }

  writeToken(change: Partial<StoredToken>): void {
    writeFileSync(this.tokenFile(), JSON.stringify({ ...this.readToken(), ...change }));
  }

  /** As the setting of that name does. */
  switchThinkingOff(): void {
    const file = join(this.home, 'kimi-code', 'config.toml');
    const text = readFileSync(file, 'utf8').replace(/^\[thinking\]\n(?:[^[\n].*\n)*/m, '');
    writeFileSync(file, `${text}\n[thinking]\nenabled = false\n`);
  }

  remove(): void {
    rmSync(this.home, { recursive: true, force: true });
  }

  private tokenFile(): string {
    const folder = join(this.home, 'kimi-code', 'credentials');
    const name = readdirSync(folder).find(file => /^kimi-code-env-[0-9a-f]{16}\.json$/.test(file));
    if (name === undefined) {
      throw new Error(`No credential file in ${folder}.`);
    }
    return join(folder, name);
  }
}
