import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parseCredentials, serializeCredentials } from '../../src/credentials/credential-record';
import type { KimiCredentials } from '../../src/credentials/credential-store';
import { KimiCredentialStoreError } from '../../src/errors/kimi-error';
import { apiKeyCredentials, CANARY, DAMAGED_RECORDS, oauthCredentials } from './contract';

const location = '/somewhere/default.json';

describe('the record', () => {
  test('is compact, versioned JSON', () => {
    expect(serializeCredentials(apiKeyCredentials({ key: 'k' }))).toBe(
      '{"version":1,"type":"api-key","key":"k","service":"platform","region":"global"}',
    );
  });

  test.each([
    oauthCredentials(),
    oauthCredentials({ accessToken: '', refreshToken: '', expiresAt: 0, expiresIn: 0 }),
    apiKeyCredentials(),
  ])('comes back as it was: %o', credentials => {
    expect(parseCredentials(serializeCredentials(credentials), { location })).toEqual(credentials);
  });

  test('drops fields that it does not know', () => {
    const text = JSON.stringify({ version: 1, ...oauthCredentials(), note: 'of another program' });
    expect(parseCredentials(text, { location })).toEqual(oauthCredentials());
  });

  test.each(Object.entries(DAMAGED_RECORDS))(
    'that is damaged (%s) is an error that names the place, not the content',
    (_, { text, reason }) => {
      let error: unknown;
      try {
        parseCredentials(text, { location });
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toSatisfy(KimiCredentialStoreError.isInstance);
      expect(error).toMatchObject({ reason, location });
      expect(inspect(error, { depth: 9 })).not.toContain(CANARY);
    },
  );

  test.each([
    [
      { version: 1, ...oauthCredentials(), expiresAt: 'soon', tokenType: null },
      /expiresAt is not a number, tokenType is not a string/,
    ],
    [{ version: 1, ...apiKeyCredentials(), service: 'x' }, /service is not coding or platform/],
    [{ version: 1, ...apiKeyCredentials(), key: '' }, /key is not/],
    [{ version: '1', ...oauthCredentials() }, /version is missing or not a known number/],
    [{ version: 0.5, ...oauthCredentials() }, /version is missing or not a known number/],
  ])('names the fields that are wrong', (value, message) => {
    expect(() => parseCredentials(JSON.stringify(value), { location })).toThrow(message);
  });

  test('that could not be read again is not written', () => {
    const bad = { ...oauthCredentials(), expiresAt: Number.NaN } as KimiCredentials;
    expect(() => serializeCredentials(bad)).toThrow(/expiresAt is not a number/);
  });
});
