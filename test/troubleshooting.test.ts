/**
 * docs/troubleshooting.md is searched for the words of an error: each heading is what somebody really gets to see. Ours
 * and those of the AI SDK and the compiler are brought about here; what a host says, its own test does.
 */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as ai7 from 'ai';
import * as ai5 from 'ai-v5';
import * as ai6 from 'ai-v6';
import ts from 'typescript';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { environmentCredentialStore, memoryCredentialStore } from '../src/credential-stores';
import { noHomeDirectory } from '../src/credentials/data-directory';
import { defaultCredentialStore } from '../src/credentials/default-credential-store';
import { keychainError } from '../src/credentials/keychain/keychain-error';
import { oldRuntimeMessage } from '../src/platform/node-version';
import { createKimi as createV2 } from '../src/index';
import { startKimiSimulator, type KimiSimulator } from '../src/simulator/index';
import { createKimi, type KimiProviderSettings } from '../src/v4';
import { KNOWN_ERRORS } from './api/known-errors';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const page = readFileSync(path.join(ROOT, 'docs/troubleshooting.md'), 'utf8');

let simulator: KimiSimulator;
beforeEach(async () => {
  simulator = await startKimiSimulator({ autoApprove: true });
});
afterEach(() => simulator.close());

const KEY = 'sk-kimi-simulator';
const CHAT = '/chat/completions';
const hosts = () => ({ baseURL: simulator.apiBaseURL, oauthHost: simulator.oauthHost });
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const failure = (promise: PromiseLike<unknown> | Promise<unknown>): Promise<string> =>
  Promise.resolve(promise).then(() => 'nothing failed', messageOf);

/** What a call says that fails, at the first try. */
function said(settings: KimiProviderSettings = {}, model = 'kimi-for-coding'): Promise<string> {
  const kimi = createKimi({ ...hosts(), ...settings });
  return failure(ai7.generateText({ model: kimi(model), prompt: 'hi', maxRetries: 0 }));
}

/** What a call says that Kimi refuses in these words. */
function refused(text: string): () => Promise<string> {
  const known = KNOWN_ERRORS.find(error => error.text.includes(text));
  return () => {
    const { status = 0, type } = known ?? {};
    simulator.script([{ status, body: { error: { type, message: known?.text } } }]);
    return said({ apiKey: KEY });
  };
}

/** The error part of a stream. */
async function streamed(): Promise<string> {
  const kimi = createKimi({ ...hosts(), apiKey: KEY });
  let told = 'nothing failed';
  const onError = ({ error }: { error: unknown }): void => void (told = messageOf(error));
  await ai7.streamText({ model: kimi('k3'), prompt: 'hi', onError }).consumeStream();
  return told;
}

async function signedIn(): Promise<KimiProviderSettings> {
  const credentialStore = memoryCredentialStore();
  await createKimi({ ...hosts(), credentialStore }).auth.login({ onVerification: () => undefined });
  return { credentialStore };
}

/** The errors of a compiler that cannot see the files that match `hidden`. */
function compile(source: string, options: ts.CompilerOptions, hidden = /^$/): string {
  const file = path.join(ROOT, 'test/types/troubleshooting.mts');
  const all: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: [],
    strict: true,
    noEmit: true,
    // Its own complaints do not matter here, and the library takes seconds.
    noLib: true,
    ...options,
  };
  const host = ts.createCompilerHost(all);
  const { readFile, fileExists, directoryExists } = host;
  host.readFile = name => (name === file ? source : readFile(name));
  host.fileExists = name => name === file || (!hidden.test(name) && fileExists(name));
  host.directoryExists = name => !hidden.test(name) && directoryExists?.(name) === true;
  return ts
    .getPreEmitDiagnostics(ts.createProgram([file], all, host))
    .map(({ code, messageText }) => `TS${code}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`)
    .join('\n');
}

/** By the heading of the page: how it comes about. */
const CASES: Record<string, () => string | Promise<string>> = {
  'Unsupported model version v4 for provider "kimi.chat" and model "kimi-for-coding"': () =>
    failure(ai5.generateText({ model: createKimi({ apiKey: KEY })('kimi-for-coding') as never, prompt: 'hi' })),
  'The feature "specificationVersion" is used in a compatibility mode': async () => {
    const warnings: string[] = [];
    const log = console.warn;
    const holder = globalThis as { AI_SDK_LOG_WARNINGS?: unknown };
    const before = holder.AI_SDK_LOG_WARNINGS;
    delete holder.AI_SDK_LOG_WARNINGS;
    console.warn = (...words) => void warnings.push(words.join(' '));
    try {
      const kimi = createV2({ baseURL: simulator.apiBaseURL, apiKey: KEY });
      await ai6.generateText({ model: kimi('kimi-for-coding'), prompt: 'hi' });
    } finally {
      console.warn = log;
      holder.AI_SDK_LOG_WARNINGS = before;
    }
    return warnings.join('\n');
  },
  "TS7016: Could not find a declaration file for module 'json-schema'": () =>
    compile("export type { JSONSchema7 } from '@ai-sdk/provider';", { skipLibCheck: false }, /@types\/json-schema/),
  "TS2307: Cannot find module 'ai-sdk-provider-kimi/v4' or its corresponding type declarations": () =>
    compile("export { kimi } from 'ai-sdk-provider-kimi/v4';", {
      moduleResolution: ts.ModuleResolutionKind.Node10,
      ignoreDeprecations: '6.0',
    }),
  'This is Node …, which is too old for ai-sdk-provider-kimi': () => {
    return oldRuntimeMessage({ node: '20.11.0' }) ?? '';
  },
  'No output generated. Check the stream for errors.': () => {
    simulator.script([{ status: 400, body: { error: { message: 'Invalid request: something else' } } }]);
    const kimi = createKimi({ baseURL: simulator.apiBaseURL, apiKey: KEY });
    return failure(ai7.streamText({ model: kimi('k3'), prompt: 'hi', onError: () => undefined }).text);
  },
  'Not signed in to Kimi: nothing is stored in …': () => said({ credentialStore: memoryCredentialStore() }),
  'Not signed in to Kimi as …': async () => said({ ...(await signedIn()), account: 'work' }),
  'The Kimi login in … has ended: the server no longer accepts it': async () => {
    const login = await signedIn();
    simulator.revoke();
    await said(login);
    return said(login);
  },
  'The Kimi access token could not be renewed at …': async () => {
    const login = await signedIn();
    simulator.expireTokens();
    simulator.fault({ match: { path: '/token' }, status: 503, times: 100 });
    return said(login);
  },
  'does not accept the credential from the environment variable KIMI_API_KEY': async () => {
    process.env.KIMI_API_KEY = 'sk-kimi-unknown';
    try {
      return await said();
    } finally {
      delete process.env.KIMI_API_KEY;
    }
  },
  'A Kimi login is kept in the file …, because no keychain can be used': async () => {
    const told: string[] = [];
    const home = mkdtempSync(path.join(tmpdir(), 'kimi-troubleshooting-'));
    const options = { slot: 'a', account: 'default', service: 'coding', oauthHost: 'https://auth.kimi.com' } as const;
    const { store } = await defaultCredentialStore({
      ...options,
      apiBaseURL: 'https://api.kimi.com/coding/v1',
      // No session bus: no keychain on Linux.
      environment: { KIMI_PROVIDER_HOME: home },
      notify: message => void told.push(message),
    });
    await store.save({ type: 'api-key', key: 'sk-kimi-simulator', service: 'coding', region: 'mainland-cn' });
    return told.join('\n');
  },
  'KIMI_REFRESH_TOKEN is set, but a refresh token works only once': () =>
    said({ credentialStore: environmentCredentialStore({ environment: { KIMI_REFRESH_TOKEN: 'r' } }) }),
  'There is no place to keep a Kimi login': () => noHomeDirectory('load').message,
  'The sign-in was refused on the Kimi page': async () => {
    await simulator.close();
    simulator = await startKimiSimulator({ deviceInterval: 1 });
    const kimi = createKimi({ ...hosts(), credentialStore: memoryCredentialStore() });
    const onVerification = ({ userCode }: { userCode: string }): void => simulator.deny(userCode);
    return failure(kimi.auth.login({ onVerification }));
  },
  'cannot be reached to sign in': () => {
    const kimi = createKimi({ oauthHost: 'http://127.0.0.1:9', credentialStore: memoryCredentialStore() });
    return failure(kimi.auth.login({ onVerification: () => undefined }));
  },
  'The keychain is locked': () =>
    keychainError(
      { ok: false, kind: 'locked', message: 'the default collection is locked' },
      { operation: 'load', location: 'item', service: 's', slot: 'a', timeoutMs: 10_000 },
    ).message,
  'is plain http to another machine': () => said({ apiKey: KEY, baseURL: 'http://kimi.example/v1' }),
  'Kimi For Coding is currently only available for Coding Agents': async () => {
    await simulator.close();
    simulator = await startKimiSimulator({ gate: 'known-agents' });
    return said({ apiKey: KEY, identity: 'package' });
  },
  'Access terminated': refused('Access terminated'),
  'reasoning_content is missing': refused('reasoning_content is missing'),
  "You've reached your weekly (7-day) usage limit": () => {
    simulator.quota.weekly.used = simulator.quota.weekly.limit;
    return said({ apiKey: KEY });
  },
  "We're unable to verify your membership benefits": refused("We're unable to verify"),
  'The engine is currently overloaded': refused('The engine is currently overloaded'),
  'could not be reached': () => said({ apiKey: KEY, baseURL: 'http://127.0.0.1:9/v1' }),
  'broke in the middle of the answer': () => {
    simulator.fault({ match: { path: CHAT }, connection: { at: 'event', how: 'close' } });
    return streamed();
  },
  'gave an empty answer, without text and without a tool call': () => {
    simulator.script([{ text: '' }]);
    return said({ apiKey: KEY });
  },
  'answered with a redirect to …, which is not followed': () => {
    simulator.fault({ match: { path: CHAT }, status: 307, headers: { location: 'https://kimi.example/v1' } });
    return said({ apiKey: KEY });
  },
  'has no chat API at this URL': () => {
    simulator.fault({ match: { path: CHAT }, status: 404, body: '' });
    return said({ apiKey: KEY });
  },
  'The account has no model …': () => said({ apiKey: KEY }, 'no-such-model'),
};

const HEADINGS = [...page.matchAll(/^### `(.+)`$/gm)].map(([, text]) => text as string);
const inHostTests = (text: string): boolean => {
  const folder = path.join(ROOT, 'test/hosts');
  const word = /^Unknown provider/.exec(text)?.[0] ?? text;
  return readdirSync(folder)
    .filter(name => name.endsWith('.test.ts'))
    .some(name => readFileSync(path.join(folder, name), 'utf8').includes(word));
};

it('each heading is brought about, here or by the test of its host', () => {
  expect(HEADINGS.length).toBeGreaterThan(20);
  expect(HEADINGS.filter(text => !(text in CASES) && !inHostTests(text))).toEqual([]);
  expect(Object.keys(CASES).filter(text => !HEADINGS.includes(text))).toEqual([]);
});

it.each(Object.entries(CASES))('%s', async (heading, bringAbout) => {
  const message = await bringAbout();
  let rest = message;
  for (const piece of heading.split('…')) {
    const at = rest.indexOf(piece);
    expect(at, message).toBeGreaterThanOrEqual(0);
    rest = rest.slice(at + piece.length);
  }
});
