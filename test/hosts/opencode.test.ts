import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  startKimiSimulator,
  type KimiSimulator,
  type RecordedRequest,
  type ScriptedAnswer,
} from '../../src/simulator/index';
import { KIMI_CLI } from '../../src/upstream';
import { chats } from '../support/chats';
import { testServices } from '../support/test-services';
import { installOpencode } from './opencode/install-opencode';
import {
  installedCopy,
  openOpencodeHome,
  runOpencode,
  type OpencodeHome,
  type OpencodeRun,
} from './opencode/run-opencode';

/** The real opencode with `examples/opencode/opencode.json`; it installs this package itself, from a registry. */
const KEY = { KIMI_API_KEY: 'sk-kimi-simulator' };
const PICTURE = fileURLToPath(new URL('../../examples/scripts/kimi.png', import.meta.url));
const WEEKLY =
  "You've reached your weekly (7-day) usage limit. Your quota will reset when the current 7-day window ends.";

type Body = {
  messages: Array<{ role: string; content?: unknown; reasoning_content?: string }>;
  tools?: unknown[];
  prompt_cache_key?: string;
  thinking?: unknown;
  reasoning_effort?: string;
};

let binary: string;
let simulator: KimiSimulator;

beforeAll(async () => {
  binary = installOpencode();
  // The first run installs the package into opencode's own cache.
  await using first = await startKimiSimulator();
  await runOpencode(binary, first, openOpencodeHome(first, KEY), ['say hi']);
}, 300_000);
beforeEach(async () => {
  simulator = await startKimiSimulator({ autoApprove: true, gate: 'known-agents' });
});
afterEach(() => simulator.close());

const run = (home: OpencodeHome, ...parameters: string[]) => runOpencode(binary, simulator, home, parameters);
const bodyOf = ({ json }: RecordedRequest) => json as Body;
/** The agent's own calls; besides them opencode asks, without tools, for a title of the session. */
const steps = () => chats(simulator).filter(request => bodyOf(request).tools !== undefined);
const textOf = ({ events }: OpencodeRun) =>
  events.flatMap(({ part, type }) => (type === 'text' ? [part?.text] : [])).join('');
const errorsOf = ({ events }: OpencodeRun) =>
  events.flatMap(({ error }) => (error === undefined ? [] : [error.data?.message ?? error.name]));

/** Answers the agent's calls in turn and every title at once: both come together, in any order. */
function answer(...answers: ScriptedAnswer[]): void {
  let next = 0;
  const script = (body: unknown): ScriptedAnswer =>
    (body as Body).tools === undefined ? { text: 'A title' } : (answers[next++] ?? { text: 'Nothing more.' });
  simulator.script(Array.from({ length: 40 }, () => script));
}

function expectAccepted(): void {
  for (const request of chats(simulator)) {
    expect({ refusedBy: request.refusedBy, notices: request.notices }).toEqual({ refusedBy: undefined, notices: [] });
    const identity = Object.entries(request.headers).filter(([name]) => /^(user-agent|x-msh-)/.test(name));
    expect(Object.fromEntries(identity)).toEqual({
      'user-agent': `${KIMI_CLI.userAgentProduct}/${KIMI_CLI.version}`,
      'x-msh-platform': KIMI_CLI.platform,
      'x-msh-version': KIMI_CLI.version,
      'x-msh-device-name': expect.stringMatching(/^[\x20-\x7e]+$/) as string,
      'x-msh-device-model': expect.stringMatching(/^\w+ \S+/) as string,
      'x-msh-os-version': expect.stringMatching(/./) as string,
      'x-msh-device-id': expect.stringMatching(/^[0-9a-f]{32}$/) as string,
    });
  }
}

async function signIn({ environment }: OpencodeHome): Promise<void> {
  await promisify(execFile)(process.execPath, [path.join(installedCopy(), 'cli.js'), 'login', '--json'], {
    env: environment,
  });
  simulator.clearRequests();
}

describe('opencode, with a key', () => {
  it('gets an answer, in one step, with its tokens', async () => {
    const usage = { promptTokens: 5000, completionTokens: 30, cachedTokens: 4000, reasoningTokens: 20 };
    answer({ reasoning: 'A greeting.', text: 'Hello!', usage });
    const result = await run(openOpencodeHome(simulator, KEY), 'say hi');

    expect(result).toMatchObject({ code: 0 });
    expect(result.stoppedBecause).toBeUndefined();
    expect(textOf(result)).toBe('Hello!');
    const finished = result.events.filter(({ type }) => type === 'step_finish').map(({ part }) => part);
    expect(finished).toMatchObject([{ reason: 'stop' }]);
    expect(finished[0]?.tokens).toMatchObject({ input: 1000, output: 10, reasoning: 20, cache: { read: 4000 } });

    expect(chats(simulator)).toHaveLength(2);
    expect(steps()).toHaveLength(1);
    expect(steps().map(request => bodyOf(request).prompt_cache_key)).toEqual([result.events[0]?.sessionID]);
    expect(JSON.stringify(simulator.requests.map(({ headers }) => headers['user-agent']))).not.toMatch(
      /opencode|ai-sdk/,
    );
    expectAccepted();
  });

  it('calls a tool and goes on with its result and with its own reasoning', async () => {
    const home = openOpencodeHome(simulator, KEY);
    const file = path.join(home.project, 'secret.txt');
    writeFileSync(file, 'The word is kumquat.\n');
    answer(
      { reasoning: 'I read the file.', toolCalls: [{ name: 'read', arguments: { filePath: file } }] },
      { reasoning: 'There it is.', text: 'kumquat' },
    );
    const result = await run(home, 'Which word is in secret.txt?');

    expect(result).toMatchObject({ code: 0 });
    expect(textOf(result)).toBe('kumquat');
    const finished = result.events.filter(({ type }) => type === 'step_finish').map(({ part }) => part?.reason);
    expect(finished).toEqual(['tool-calls', 'stop']);
    expect(steps()).toHaveLength(2);
    const [, second] = steps().map(bodyOf);
    const asked = second?.messages.findIndex(({ role }) => role === 'assistant') ?? -1;
    expect(second?.messages[asked]).toMatchObject({ reasoning_content: 'I read the file.' });
    expect(JSON.stringify(second?.messages[asked + 1])).toContain('The word is kumquat.');
    expectAccepted();
  });

  it.each([
    ['kimi/kimi-for-coding', 'high', { thinking: { type: 'enabled', effort: 'high' } }],
    ['kimi/kimi-for-coding', 'off', { thinking: { type: 'disabled' } }],
    ['kimi/k3', 'max', { thinking: { type: 'enabled', effort: 'max' } }],
  ])('sends the effort of a variant: %s, %s', async (model, variant, expected) => {
    const result = await run(openOpencodeHome(simulator, KEY), '--model', model, '--variant', variant, 'say hi');
    expect(result).toMatchObject({ code: 0 });
    expect(steps().map(bodyOf)).toMatchObject([expected]);
    expectAccepted();
  });

  it('sends an image', async () => {
    answer({ text: 'A moon.' });
    const result = await run(openOpencodeHome(simulator, KEY), 'What is this?', '-f', PICTURE);
    expect(textOf(result)).toBe('A moon.');
    const url = `data:image/png;base64,${readFileSync(PICTURE).toString('base64')}`;
    expect(JSON.stringify(steps().map(bodyOf))).toContain(JSON.stringify({ type: 'image_url', image_url: { url } }));
    expectAccepted();
  });

  it('says in words that the plan is used up, and does not try again', async () => {
    const refusal = { status: 403, body: { error: { type: 'access_terminated_error', message: WEEKLY } } };
    simulator.script(Array.from({ length: 20 }, () => refusal));
    const result = await run(openOpencodeHome(simulator, KEY), 'say hi');
    expect(result.stoppedBecause).toBeUndefined();
    expect(errorsOf(result).join()).toMatch(/weekly quota/i);
    expect(steps()).toHaveLength(1);
  });

  it("asks once where the server's gate refuses the identity", async () => {
    const home = openOpencodeHome(simulator, KEY);
    const file = path.join(home.project, 'opencode.json');
    const config = JSON.parse(readFileSync(file, 'utf8')) as { provider: { kimi: object } };
    const identity = { product: 'unknown-agent', version: '1.0.0', platform: 'unknown_agent' };
    Object.assign(config.provider.kimi, { options: { identity } });
    writeFileSync(file, JSON.stringify(config));
    const result = await run(home, 'say hi');
    expect(result.stoppedBecause).toBeUndefined();
    expect(steps().map(({ refusedBy }) => refusedBy)).toEqual(['identity-gate']);
    expect(errorsOf(result).join()).toMatch(/identity/i);
  });

  it('says in words that a key is not accepted, and does not try again', async () => {
    const result = await run(openOpencodeHome(simulator, { KIMI_API_KEY: 'sk-kimi-wrong' }), 'say hi');
    expect(result.stoppedBecause).toBeUndefined();
    expect(errorsOf(result).join()).toMatch(/KIMI_API_KEY/);
    expect(steps().length).toBeLessThanOrEqual(1);
    expect(JSON.stringify(result)).not.toContain('sk-kimi-wrong');
  });
});

const PLACES = [
  { place: 'a file', store: 'file', isThere: true },
  { place: 'the keychain (needs secret-service)', store: 'keychain', isThere: testServices.has('secret-service') },
];
describe.each(PLACES)('opencode, with the login that our command line keeps in $place', ({ store, isThere }) => {
  const signedIn = async () => {
    const { DBUS_SESSION_BUS_ADDRESS = '', XDG_RUNTIME_DIR = '' } = process.env;
    const session = { DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR };
    const home = openOpencodeHome(simulator, store === 'file' ? { KIMI_CREDENTIAL_STORE: 'file' } : session);
    await signIn(home);
    return home;
  };

  it.skipIf(!isThere)('renews an expired token once and answers', async () => {
    const home = await signedIn();
    simulator.expireTokens();
    answer({ text: 'Hello again!' });
    const result = await run(home, 'say hi');
    expect({ text: textOf(result), errors: errorsOf(result) }).toEqual({ text: 'Hello again!', errors: [] });
    expect({ refreshes: simulator.counts.refreshes, revoked: simulator.chainRevoked }).toEqual({
      refreshes: 1,
      revoked: false,
    });
  });

  it.skipIf(!isThere)('renews it once for two that run at the same time', async () => {
    const home = await signedIn();
    simulator.expireTokens();
    const results = await Promise.all([run(home, 'say one'), run(home, 'say two')]);
    for (const result of results) {
      expect({ code: result.code, errors: errorsOf(result), stderr: result.stderr }).toEqual({
        code: 0,
        errors: [],
        stderr: '',
      });
    }
    expect(results.map(textOf)).toEqual([expect.stringContaining('say one'), expect.stringContaining('say two')]);
    expect({ refreshes: simulator.counts.refreshes, revoked: simulator.chainRevoked }).toEqual({
      refreshes: 1,
      revoked: false,
    });
  });

  it.skipIf(!isThere)('says how to sign in again when the login has ended', async () => {
    const home = await signedIn();
    simulator.revoke();
    const result = await run(home, 'say hi');
    expect(result.stoppedBecause).toBeUndefined();
    expect(errorsOf(result).join()).toContain('npx ai-sdk-provider-kimi login');
    expect(chats(simulator).length).toBeLessThanOrEqual(3);
  });
});
