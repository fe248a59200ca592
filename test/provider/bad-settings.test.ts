import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { KimiCredentialStoreError } from '../../src/index';
import { createKimi } from '../../src/v4';
import { chatServerOfFile } from '../support/chat-server';
import { failure } from '../support/failure';

const server = await chatServerOfFile();

/** What the first request of a provider fails with, whose settings somebody wrote without types. */
async function fault(settings: object, call: object = {}): Promise<Error> {
  const model = createKimi({ baseURL: server.baseURL, apiKey: 'sk-kimi-test', ...settings })('k3');
  const error = await failure(() =>
    model.doGenerate({ prompt: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }], ...call }),
  );
  expect(server.requests).toEqual([]);
  return error as Error;
}

describe('a setting that cannot work', () => {
  it.each([
    [{ baseURL: 5 }, 'baseURL', '"baseURL" must be an http(s) URL'],
    [{ oauthHost: 5 }, 'oauthHost', '"oauthHost" must be an http(s) URL'],
    [{ baseURL: 'http://gateway.example/v1' }, 'baseURL', 'set allowInsecure: true'],
    [{ oauthHost: 'http://gateway.example' }, 'oauthHost', 'set allowInsecure: true'],
    [{ identity: 5 }, 'identity', 'The setting "identity" must be'],
    [{ identity: null }, 'identity', 'The setting "identity" must be'],
    [{ fetch: 5 }, 'fetch', 'The setting "fetch" must be a function'],
    [{ limits: null }, 'limits', 'The setting "limits" must be an object'],
    [{ prices: { k3: { input: -3, output: 15 } } }, 'prices', 'The price of "k3" in "prices" must be'],
    [{ limits: { eventBytes: 0 } }, 'limits.eventBytes', 'a whole number of bytes from 1'],
    [{ limits: { firstByteMs: -1 } }, 'limits.firstByteMs', '0 for no limit'],
    [{ limits: { idleMs: '5' } }, 'limits.idleMs', '0 for no limit'],
    [{ headers: 'x' }, 'headers', '"headers" must be an object'],
    [{ headers: { 'bad name': 'canary' } }, 'headers', '"headers" has "bad name"'],
    [{ headers: { 'x-team': 'canary-\u6708' } }, 'headers.x-team', 'the header "x-team"'],
    [{ headers: { 'x-team': 'canary\nx' } }, 'headers.x-team', 'the header "x-team"'],
  ])('%j is named at the first request', async (settings, argument, text) => {
    const error = await fault(settings);
    expect(error).toMatchObject({ name: 'KimiInvalidArgumentError', argument });
    expect(error.message).toContain(text);
    expect(inspect(error)).not.toContain('canary');
  });

  it('is named also when it is a header of the call', async () => {
    const error = await fault({}, { headers: { 'x-team': 'canary-\u6708' } });
    expect(error).toMatchObject({ name: 'KimiInvalidArgumentError', argument: 'headers.x-team' });
    expect(inspect(error)).not.toContain('canary');
  });
});

it('sends headers in Latin-1, and leaves out those without a value', async () => {
  const model = createKimi({
    baseURL: server.baseURL,
    apiKey: 'sk-kimi-test',
    headers: { 'x-city': 'Zürich ', 'x-none': undefined },
  })('k3');
  await model.doStream({ prompt: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }] });
  expect(server.requests).toHaveLength(1);
});

describe('apiKey', () => {
  it.each([
    [5, 'is of type number, not a string'],
    [null, 'is null, not a string'],
    [async () => undefined, 'is undefined, not a string'],
    [async () => ({ key: 'canary' }), 'is of type object, not a string'],
    [' ', 'is empty'],
  ])('case %#: says what it is instead', async (apiKey, text) => {
    const error = await fault({ apiKey });
    expect(error).toMatchObject({ name: 'KimiInvalidArgumentError', argument: 'the "apiKey" setting' });
    expect(error.message).toContain(`The key from the "apiKey" setting ${text}`);
    expect(inspect(error)).not.toContain('canary');
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('vault: canary');
      },
    ],
    ['rejects', () => Promise.reject(new Error('vault: canary'))],
  ])('that %s is the cause of an error that names the setting', async (_, apiKey) => {
    const error = await fault({ apiKey });
    expect(KimiCredentialStoreError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({
      location: 'the "apiKey" setting',
      operation: 'load',
      reason: 'failed',
      cause: { message: 'vault: canary' },
    });
    expect(error.message).toContain('The function in the "apiKey" setting failed');
    expect(error.message).not.toContain('canary');
  });
});
