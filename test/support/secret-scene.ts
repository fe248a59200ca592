import { vi } from 'vitest';
import { bindingOf } from '../../src/credentials/credential-binding';
import type { KimiOAuthCredentials } from '../../src/credentials/credential-store';
import type { KimiProviderSettings } from '../../src/index';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { LeakDetector } from './leak-detector';

/** A Kimi whose secrets are planted, and all that is printed meanwhile. */
export type SecretScene = {
  detector: LeakDetector;
  /** Good for both services. */
  key: string;
  prompt: string;
  simulator: KimiSimulator;
  /** Console, process warnings, stdout and stderr, which show nothing until `close`. */
  printed: unknown[];
  /** A new login, planted. `secondsLeft` below 0: expired. */
  signIn(secondsLeft?: number): KimiOAuthCredentials;
  /** Plants the access tokens of the newest requests, which a refresh has made. */
  plantNewest(): void;
  /** Settings that lead to the simulator. */
  settings(more: KimiProviderSettings): KimiProviderSettings;
  close(): Promise<void>;
};

/** Call `close` after the tests. */
export async function openSecretScene(): Promise<SecretScene> {
  const detector = new LeakDetector();
  const key = detector.plant('key', 'sk-kimi-Canary7Q2mZp0WvKx93LbTn5RdHs8YcUf');
  const prompt = detector.plant('prompt', 'The secret recipe of the canary bird needs four grams of saffron');
  const simulator = await startKimiSimulator({ apiKeys: { coding: [key], platform: [key] }, deviceInterval: 1 });
  const printed: unknown[] = [];
  // The AI SDK prints warnings and the errors of streams by default: as an app's log would show them.
  (globalThis as { AI_SDK_LOG_WARNINGS?: boolean }).AI_SDK_LOG_WARNINGS = true;
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    vi.spyOn(console, method).mockImplementation((...values) => void printed.push(...values));
  }
  vi.spyOn(process, 'emitWarning').mockImplementation((...values: unknown[]) => void printed.push(...values));
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation(bytes => {
      printed.push(String(bytes));
      return true;
    });
  }
  return {
    detector,
    key,
    prompt,
    simulator,
    printed,
    signIn(secondsLeft = 900) {
      const { access_token, refresh_token } = simulator.signIn();
      return {
        type: 'oauth',
        accessToken: detector.plant('access token', access_token),
        refreshToken: detector.plant('refresh token', refresh_token),
        expiresAt: Math.floor(Date.now() / 1000) + secondsLeft,
        expiresIn: 900,
        scope: 'kimi-code',
        tokenType: 'Bearer',
        issuedFor: bindingOf(simulator),
      };
    },
    plantNewest() {
      for (const { headers } of simulator.requests.slice(-10)) {
        const token = headers.authorization?.replace('Bearer ', '') ?? '';
        if (token.startsWith('ey')) {
          detector.plant('access token', token);
        }
      }
    },
    settings: more => ({ baseURL: simulator.apiBaseURL, oauthHost: simulator.oauthHost, ...more }),
    async close() {
      vi.restoreAllMocks();
      await simulator.close();
    },
  };
}
