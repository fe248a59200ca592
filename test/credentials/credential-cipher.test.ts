import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { credentialCipher, plainCipher, type EncryptionKey } from '../../src/credentials/credential-cipher';
import { describeFailure } from '../../src/credentials/describe-failure';
import { KimiInvalidArgumentError } from '../../src/errors/kimi-error';

const bytes = Uint8Array.from({ length: 32 }, (_, index) => index * 7);
const place = { location: 'place', name: 'name' };
const cryptoKey = await crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt']);
const otherAlgorithm = await crypto.subtle.generateKey({ name: 'AES-CBC', length: 256 }, false, ['encrypt', 'decrypt']);
const tooShort = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 128 }, false, ['encrypt', 'decrypt']);
const sealsOnly = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt']);
const hex = Buffer.from(bytes).toString('hex');

describe('credentialCipher', () => {
  test('seals differently each time and opens what it sealed', async () => {
    const cipher = credentialCipher(bytes, place);
    const [first, second] = [await cipher.seal('текст 🌙'), await cipher.seal('текст 🌙')];
    expect(first).not.toBe(second);
    expect(await Promise.all([cipher.open(first), cipher.open(second)])).toEqual(['текст 🌙', 'текст 🌙']);
  });

  test.each<[string, EncryptionKey]>([
    ['a Buffer', Buffer.from(bytes)],
    ['hex', hex],
    ['hex in capitals', hex.toUpperCase()],
    ['base64 with a newline', `${Buffer.from(bytes).toString('base64')}\n`],
    ['base64url', Buffer.from(bytes).toString('base64url')],
    ['a CryptoKey', cryptoKey],
  ])('takes a key as %s', async (_, key) => {
    expect(await credentialCipher(bytes, place).open(await credentialCipher(key, place).seal('text'))).toBe('text');
  });

  test.each<[string, unknown]>([
    ['a passphrase', 'correct horse battery staple'],
    ['16 bytes', bytes.subarray(0, 16)],
    ['31 bytes in base64', Buffer.from(bytes.subarray(1)).toString('base64')],
    ['an empty text', ''],
    ['an empty list', []],
    ['a list with a bad one', [bytes, 'bad']],
    ['null', null],
    ['a key for something else', otherAlgorithm],
    ['a key of 128 bits', tooShort],
    ['a key that cannot decrypt', sealsOnly],
  ])('refuses %s as a key, and does not show it', (_, key) => {
    const error = attempt(() => credentialCipher(key as EncryptionKey, place));
    expect(error).toSatisfy(KimiInvalidArgumentError.isInstance);
    expect(String(error)).toContain('openssl rand -base64 32');
    expect(inspect(error)).not.toMatch(/correct horse/);
  });

  test('opens with any of its keys and seals with the first', async () => {
    const [old, rotated] = [credentialCipher(bytes, place), credentialCipher([new Uint8Array(32), bytes], place)];
    expect(await rotated.open(await old.seal('text'))).toBe('text');
    expect(await credentialCipher(new Uint8Array(32), place).open(await rotated.seal('text'))).toBe('text');
  });

  test('says so when the key is another, the place is another, or the value was changed', async () => {
    const sealed = await credentialCipher(bytes, place).seal('text');
    const changed = sealed.slice(0, -6) + (sealed.at(-6) === 'A' ? 'B' : 'A') + sealed.slice(-5);
    for (const opening of [
      () => credentialCipher(new Uint8Array(32), place).open(sealed),
      () => credentialCipher(bytes, { ...place, name: 'elsewhere' }).open(sealed),
      () => credentialCipher(bytes, place).open(changed),
    ]) {
      const message = expect.stringMatching(/encrypted with another key/) as string;
      await expect(opening()).rejects.toMatchObject({ reason: 'failed', operation: 'load', message });
    }
  });

  const damaged = ['', 'rubbish', '{"version":1}', 'aes-256-gcm.v1.', 'aes-256-gcm.v1.AAAA', 'aes-256-gcm.v1.%%%'];
  test.each(damaged)('reports %j as damaged', async value => {
    await expect(credentialCipher(bytes, place).open(value)).rejects.toMatchObject({ reason: 'corrupt' });
  });

  test('a plain one asks for the key when the value is sealed', async () => {
    const sealed = await credentialCipher(bytes, place).seal('text');
    await expect(plainCipher(place).open(sealed)).rejects.toThrow(/Pass the encryptionKey/);
  });
});

test('describeFailure leaves out arguments and passwords', () => {
  expect(describeFailure(new Error("ERR unknown command 'EVAL', with args beginning with: 'token' "))).toBe(
    "ERR unknown command 'EVAL'",
  );
  expect(describeFailure(new Error('connect redis://user:secret@host:1/ failed\n at secret'))).toBe(
    'connect redis://host:1/ failed',
  );
  expect(describeFailure(Object.assign(new Error(''), { code: 'ECONNREFUSED' }))).toBe('ECONNREFUSED');
  expect(describeFailure(Object.assign(new Error('no'), { code: 'E1' }))).toBe('E1: no');
  expect(describeFailure('secret')).toBe('unknown error');
});

function attempt(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}
