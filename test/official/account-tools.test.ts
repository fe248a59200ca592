/**
 * What the real client sends when its model searches, reads a page and looks at a video, and what we send for the same:
 * method, path, headers and the shape of the body.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startKimiSimulator, type KimiSimulator, type RecordedRequest } from '../../src/simulator/index';
import { memoryCredentialStore } from '../../src/credential-stores';
import { createKimi } from '../../src/v4';
import { onUserCode } from './device-login-steps';
import { installOfficialClient } from './install-official-client';
import { OfficialClientHome } from './official-client-home';

const VIDEO = Buffer.concat([Buffer.from('\0\0\0\x18ftypmp42\0\0\0\0mp42isom', 'latin1'), Buffer.alloc(2_000, 1)]);
const PAGE = 'https://a.example/page';

/** Of the HTTP client that each program happens to have, and of the answer that it can read. */
const PLUMBING =
  /^(host|connection|content-length|accept-encoding|accept-language|sec-fetch-mode|user-agent|x-stainless-.*)$/;

type Shape = { method: string; path: string; headers: Record<string, string>; body: unknown };

let simulator: KimiSimulator;
let client: OfficialClientHome;
let theirs: Record<string, RecordedRequest>;
let ours: Record<string, RecordedRequest>;
/** Of the client. */
let lastPrompt: unknown;

beforeAll(async () => {
  simulator = await startKimiSimulator({ deviceInterval: 1 });
  simulator.web.pages[PAGE] = '# A page';
  client = new OfficialClientHome(installOfficialClient(), simulator);
  await client.run(
    ['login'],
    onUserCode(userCode => simulator.approve(userCode)),
  );
  simulator.clearRequests();
  const path = join(client.workFolder, 'clip.mp4');
  writeFileSync(path, VIDEO);
  simulator.script([
    { reasoning: '', toolCalls: [{ name: 'WebSearch', arguments: { query: 'moon light' } }] },
    { reasoning: '', toolCalls: [{ name: 'FetchURL', arguments: { url: PAGE } }] },
    { reasoning: '', toolCalls: [{ name: 'ReadMediaFile', arguments: { path } }] },
  ]);
  const run = await client.run(['-p', 'search, read and look']);
  expect(run).toMatchObject({ code: 0 });
  theirs = byPath();
  lastPrompt = simulator.requests.at(-1)?.json;

  simulator.clearRequests();
  // Nothing of ours is kept outside of the client's folder, which goes in the end.
  process.env.KIMI_PROVIDER_HOME = join(client.workFolder, 'ours');
  process.env.KIMI_CODE_HOME = join(client.workFolder, 'none');
  const kimi = createKimi({
    baseURL: simulator.apiBaseURL,
    oauthHost: simulator.oauthHost,
    identity: 'kimi-code',
    credentialStore: memoryCredentialStore(),
  });
  await kimi.auth.login({ onVerification: ({ userCode }) => void simulator.approve(userCode) });
  const [search, page] = ['functions.WebSearch:0', 'functions.FetchURL:1'];
  await kimi.web.search('moon light', { toolCallId: search });
  await kimi.web.fetch(PAGE, { toolCallId: page });
  await kimi.files.upload({ data: readFileSync(path), filename: 'clip.mp4', cache: false });
  ours = byPath();
});

afterAll(async () => {
  client.remove();
  await simulator.close();
});

function byPath(): Record<string, RecordedRequest> {
  const asked = simulator.requests.filter(({ path }) => /\/(search|fetch|files)$/.test(path));
  expect(asked.map(({ status, notices, refusedBy }) => ({ status, notices, refusedBy }))).toEqual(
    Array.from({ length: 3 }, () => ({ status: 200, notices: [], refusedBy: undefined })),
  );
  return Object.fromEntries(asked.map(request => [request.path.split('/').at(-1) ?? '', request]));
}

/** Without what is random, of one machine, or plumbing. */
function shapeOf({ method, path, headers, json, multipart }: RecordedRequest): Shape {
  const kept = Object.entries(headers).filter(([name]) => !PLUMBING.test(name));
  return {
    method,
    path,
    headers: Object.fromEntries(
      kept.map(([name, value]) => [
        name,
        name === 'authorization'
          ? value.replace(/ .*/, ' (token)')
          : name === 'x-msh-device-id'
            ? '(id)'
            : value.replace(/boundary=.*/, 'boundary=(one)'),
      ]),
    ),
    body:
      multipart === undefined
        ? json
        : Object.fromEntries(
            [...multipart].map(([name, value]) => [
              name,
              typeof value === 'string' ? value : { name: value.name, type: value.type, size: value.size },
            ]),
          ),
  };
}

function both(name: string): [theirs: Shape, ours: Shape] {
  return [theirs[name], ours[name]].map(request => shapeOf(request as RecordedRequest)) as [Shape, Shape];
}

describe('the same request', () => {
  test('for a page: method, path, headers, body', () => {
    const [client, provider] = both('fetch');
    expect(provider).toEqual(client);
    expect(client.body).toEqual({ url: PAGE });
    expect(client.headers.accept).toBe('text/markdown');
  });

  test('for a search: what we add are the fields that kimi-cli sends, and the type that we read', () => {
    const [client, provider] = both('search');
    expect(client.body).toEqual({ text_query: 'moon light' });
    expect(provider.body).toEqual({
      text_query: 'moon light',
      limit: 5,
      enable_page_crawling: false,
      timeout_seconds: 30,
    });
    expect(client.headers.accept).toBe('*/*');
    expect({ ...provider, body: client.body }).toEqual({
      ...client,
      headers: { ...client.headers, accept: 'application/json' },
    });
  });

  test('for an upload: method, path, headers, the two parts of the form', () => {
    const [client, provider] = both('files');
    expect(provider).toEqual(client);
    expect(client.body).toEqual({
      file: { name: 'clip.mp4', type: 'video/mp4', size: VIDEO.length },
      purpose: 'video',
    });
  });

  test('with one identity', () => {
    for (const name of ['fetch', 'search', 'files']) {
      const of = (request: RecordedRequest | undefined) => request?.headers['user-agent'];
      expect(of(ours[name])).toBe(of(theirs[name]));
    }
  });
});

test('the client puts the reference of its upload into the prompt', () => {
  expect(simulator.files).toHaveLength(2);
  expect(JSON.stringify(lastPrompt)).toContain(`"url":"ms://${simulator.files[0]?.id}"`);
});
