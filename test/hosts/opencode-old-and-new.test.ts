/**
 * What people meet with the plugin, in the oldest opencode that is supported and in the newest. The newest has it by
 * our command `opencode`, the oldest by its own.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startKimiSimulator, type KimiSimulator } from '../../src/simulator/index';
import { chats } from '../support/chats';
import { installOpencode, NEWEST, OLDEST } from './opencode/install-opencode';
import { OpencodeScreen } from './opencode/opencode-screen';
import { execOpencode, openPluginHome, readAuth, writeAuth, type PluginHome } from './opencode/plugin-home';
import { runOpencode, type OpencodeRun } from './opencode/run-opencode';

const PROVIDER = 'kimi-for-coding-oauth';
const LOGIN = `opencode auth login -p ${PROVIDER}`;
const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const PICTURE = fileURLToPath(new URL('../../examples/scripts/kimi.png', import.meta.url));
const WEEKLY =
  "You've reached your weekly (7-day) usage limit. Your quota will reset when the current 7-day window ends.";

let simulator: KimiSimulator;
beforeEach(async () => {
  simulator = await startKimiSimulator({ autoApprove: true, gate: 'known-agents', deviceInterval: 1 });
});
afterEach(() => simulator.close());

const textOf = ({ events }: OpencodeRun) =>
  events.flatMap(({ part, type }) => (type === 'text' ? [part?.text] : [])).join('');
const errorsOf = ({ events }: OpencodeRun) =>
  events.flatMap(({ error }) => (error === undefined ? [] : [error.data?.message ?? error.name]));
const keyEntry = () => ({
  [PROVIDER]: {
    type: 'api',
    key: 'sk-kimi-simulator',
    metadata: {
      service: 'coding',
      region: 'mainland-cn',
      oauth_host: simulator.oauthHost,
      api_origin: simulator.url,
      account: 'default',
    },
  },
});
/** The agent's own calls; besides them opencode asks, without tools, for a title of the session. */
const steps = () => chats(simulator).filter(({ json }) => (json as { tools?: unknown }).tools !== undefined);

describe.each([
  [NEWEST, 'our command'],
  [OLDEST, 'its own command'],
])('opencode %s, where %s has installed the plugin', (version, by) => {
  let binary: string;
  let installed: PluginHome;

  beforeAll(async () => {
    binary = installOpencode(version);
    await using first = await startKimiSimulator();
    installed = openPluginHome(first);
    if (by === 'our command') {
      const { stdout } = await promisify(execFile)(process.execPath, [CLI, 'opencode', '--yes', '--json'], {
        env: installed.environment,
      });
      expect(JSON.parse(stdout)).toMatchObject({ written: true });
    } else {
      expect(await execOpencode(binary, installed, ['plugin', 'ai-sdk-provider-kimi', '--global'])).toMatchObject({
        code: 0,
      });
    }
  }, 300_000);

  const open = (environment: Record<string, string> = {}) => openPluginHome(simulator, environment, installed);
  const withKey = (): PluginHome => {
    const home = open();
    writeAuth(home, keyEntry());
    return home;
  };
  const ask = (home: PluginHome, ...parameters: string[]) =>
    runOpencode(binary, simulator, home, ['--model', `${PROVIDER}/kimi-for-coding`, ...parameters]);

  it('answers a question about a picture, and lists the models', async () => {
    const home = withKey();
    const result = await ask(home, 'What is this?', '-f', PICTURE);
    expect({ text: textOf(result), errors: errorsOf(result) }).toEqual({
      text: expect.stringContaining('What is this?') as string,
      errors: [],
    });
    const url = `data:image/png;base64,${readFileSync(PICTURE).toString('base64')}`;
    expect(JSON.stringify(steps().map(({ json }) => json))).toContain(
      JSON.stringify({ type: 'image_url', image_url: { url } }),
    );
    const { stdout } = await execOpencode(binary, home, ['models']);
    expect(stdout.split('\n')).toEqual(expect.arrayContaining([`${PROVIDER}/kimi-for-coding`, `${PROVIDER}/k3`]));
  });

  it('says in words that the plan is used up, after one request', async () => {
    const refusal = { status: 403, body: { error: { type: 'access_terminated_error', message: WEEKLY } } };
    simulator.script(Array.from({ length: 20 }, () => refusal));
    const result = await ask(withKey(), 'say hi');
    expect(result.stoppedBecause).toBeUndefined();
    expect(errorsOf(result).join()).toMatch(/weekly/i);
    expect(steps()).toHaveLength(1);
  });

  it('signs in by device, in the region that was chosen', async () => {
    const home = open();
    await using screen = new OpencodeScreen(binary, home, ['auth', 'login', '-p', PROVIDER]);
    await screen.until(/Kimi Code subscription/);
    await screen.press('Enter');
    await screen.until(/Where is your account/);
    await screen.press('Down', 'Enter');
    await screen.until(/Where is your account[^]*Global[^]*A name for it/);
    await screen.press('Enter');
    expect(await screen.until(/Login successful/)).toMatch(/Confirm there that the code is: [A-Z0-9-]+/);
    expect(readAuth(home)[PROVIDER]).toMatchObject({ type: 'oauth', access: expect.any(String) as string });
  });
});

describe('opencode with the plugin, in a terminal', () => {
  let binary: string;
  let installed: PluginHome;
  beforeAll(async () => {
    binary = installOpencode();
    await using first = await startKimiSimulator();
    installed = openPluginHome(first);
    await execOpencode(binary, installed, ['plugin', 'ai-sdk-provider-kimi', '--global']);
  }, 300_000);

  it.each([
    ['Kimi Code, Mainland', 0, { service: 'coding', region: 'mainland-cn' }],
    ['Moonshot platform, Global', 2, { service: 'platform', region: 'global' }],
  ])('keeps a key of %s', async (_, downs, place) => {
    const home = openPluginHome(simulator, {}, installed);
    await using screen = new OpencodeScreen(binary, home, ['auth', 'login', '-p', PROVIDER]);
    await screen.until(/Kimi Code subscription/);
    await screen.press('Down', 'Enter');
    await screen.until(/Where is the key from/);
    await screen.press(...Array.from({ length: downs }, () => 'Down'), 'Enter');
    await screen.until(/Enter your API key/i);
    await screen.type('sk-kimi-simulator');
    await screen.press('Enter');
    await screen.until(/Done|Login successful/);
    expect(readAuth(home)[PROVIDER]).toMatchObject({
      type: 'api',
      key: 'sk-kimi-simulator',
      metadata: { place: `${place.service} ${place.region}` },
    });
  });

  it('shows the models of the account', async () => {
    const home = openPluginHome(simulator, {}, installed);
    writeAuth(home, keyEntry());
    await using screen = new OpencodeScreen(binary, home, ['--model', `${PROVIDER}/kimi-for-coding`]);
    await screen.until(/Ask anything/);
    await screen.type('/kimi:models');
    await screen.until(/The models of the Kimi account/);
    await screen.press('Enter');
    await screen.until(/Kimi models[^]*k3\s[^]*1M, text image video, effort low high max/);
  });

  it('says in one sentence that nobody is signed in, with the command', async () => {
    const home = openPluginHome(simulator, {}, installed);
    await using screen = new OpencodeScreen(binary, home, ['--model', `${PROVIDER}/kimi-for-coding`]);
    await screen.until(/Ask anything/);
    await screen.type('hello');
    await screen.press('Enter');
    const shown = await screen.until(/Not signed in/i);
    expect(shown.replaceAll(/\s*\n[\s┃│]*/g, ' ')).toContain(LOGIN);
    expect(shown).not.toMatch(/\n\s+at /);
    expect(chats(simulator)).toEqual([]);
  });

  it('answers in a home that cannot be written, as in a container', async () => {
    const elsewhere = mkdtempSync(path.join(tmpdir(), 'kimi-opencode-data-'));
    const environment = { XDG_DATA_HOME: elsewhere, XDG_STATE_HOME: elsewhere, KIMI_API_KEY: 'sk-kimi-simulator' };
    const home = openPluginHome(simulator, environment, installed);
    const readOnly = path.join(elsewhere, 'opencode-on-read-only-home');
    const script = `mount --bind ${home.home} ${home.home} && mount -o remount,ro,bind ${home.home}`;
    writeFileSync(
      readOnly,
      `#!/bin/sh\nexec unshare --mount sh -c '${script} && cd ${home.project} && exec ${binary} "$@"' sh "$@"\n`,
      { mode: 0o700 },
    );
    const result = await runOpencode(readOnly, simulator, home, ['--model', `${PROVIDER}/k3`, 'say hi']);
    expect({ text: textOf(result), errors: errorsOf(result) }).toEqual({
      text: expect.stringContaining('say hi') as string,
      errors: [],
    });
    expect(existsSync(path.join(home.home, '.local'))).toBe(false);
  });
});
