/**
 * Who is compared: bare openai-compatible and anthropic, which this package wraps, Moonshot's own provider, and this
 * package by specification, with a key, by either wire, and signed in. All get the same `fetch` and the same server.
 */
import { createAnthropic } from '@ai-sdk/anthropic';
import { createMoonshotAI } from '@ai-sdk/moonshotai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { KEY, MODEL } from './readers.mjs';

const TOKEN_LIFETIME_SECONDS = 30 * 24 * 3600;

/** A login that needs no refresh while anything is measured: a refresh is due when half of the lifetime is over. */
function login(origin) {
  return {
    type: 'oauth',
    accessToken: 'bench-token',
    refreshToken: 'bench-refresh-token',
    expiresAt: Math.floor(Date.now() / 1000) + TOKEN_LIFETIME_SECONDS,
    expiresIn: TOKEN_LIFETIME_SECONDS,
    scope: 'kimi-code',
    tokenType: 'Bearer',
    issuedFor: { oauthHost: origin, apiOrigin: origin, account: 'default' },
  };
}

/**
 * @param {object} build what is measured, see `loadBuild`
 * @param {{ origin: string, path: string, fetch?: typeof globalThis.fetch }} options `path` as server.mjs reads it
 * @returns {{ bare: object, moonshotai: object, anthropic: object, key: Record<string, object>,
 *   session: Record<string, object>, messages: Record<string, object> }} models; `key`, `session` and, on the Anthropic
 *   wire, `messages` are this package's, by specification
 */
export function contenders({ specifications, memoryCredentialStore }, { origin, path, fetch = globalThis.fetch }) {
  const baseURL = `${origin}/${path}/v1`;
  const peer = { baseURL, apiKey: KEY, fetch };
  const bySpecification = settings =>
    Object.fromEntries(
      Object.entries(specifications).map(([version, { createKimi }]) => [
        version,
        createKimi({ baseURL, fetch, ...settings() })(MODEL),
      ]),
    );
  return {
    bare: createOpenAICompatible({ name: 'kimi', includeUsage: true, ...peer }).chatModel(MODEL),
    moonshotai: createMoonshotAI(peer)(MODEL),
    anthropic: createAnthropic({ baseURL, authToken: KEY, fetch })(MODEL),
    messages: bySpecification(() => ({ apiKey: KEY, protocol: 'messages' })),
    key: bySpecification(() => ({ apiKey: KEY })),
    // The server is the OAuth host, too, and reports a refresh as an error.
    session: bySpecification(() => ({ credentialStore: memoryCredentialStore(login(origin)), oauthHost: origin })),
  };
}

/** @param {(name: string) => string} entry from the name of an entry to its file URL */
export async function loadBuild(entry) {
  const { memoryCredentialStore } = await import(entry('credential-stores'));
  const specifications = {
    V2: await import(entry('v2')),
    V3: await import(entry('v3')),
    V4: await import(entry('v4')),
  };
  return { specifications, memoryCredentialStore };
}
