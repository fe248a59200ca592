import { assert, asyncProperty, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { credentialSlot } from '../../src/credentials/credential-slot';

const host = { oauthHost: 'https://auth.kimi.com', apiBaseURL: 'https://api.kimi.com/coding/v1' };

describe('credentialSlot', () => {
  test('stays what it is: a changed name would log everybody out', async () => {
    expect(await credentialSlot(host)).toBe('default-c160511da06a4a1a');
    expect(await credentialSlot({ ...host, account: 'default' })).toBe('default-c160511da06a4a1a');
  });

  test('tells hosts, bases and accounts apart', async () => {
    const slots = await Promise.all([
      credentialSlot(host),
      credentialSlot({ ...host, oauthHost: 'https://auth.kimi.ai' }),
      credentialSlot({ ...host, apiBaseURL: 'https://api.kimi.ai/coding/v1' }),
      ...['Work', 'work', 'wörk', 'w/rk', '../work', ' work', ''].map(account => credentialSlot({ ...host, account })),
    ]);
    expect(new Set(slots).size).toBe(slots.length);
  });

  test.each([
    ['Work', /^work-[0-9a-f]{16}$/],
    ['me@example.com', /^me_example.com-/],
    ['../../etc/passwd', /^etc_passwd-/],
    ['月之暗面', /^account-/],
    ['CON', /^con-/],
    ['x'.repeat(300), /^x{40}-/],
  ])('makes a readable name of the account %s', async (account, expected) => {
    expect(await credentialSlot({ ...host, account })).toMatch(expected);
  });

  test('is safe in a file name and unique without regard to case, for any account', async () => {
    await assert(
      asyncProperty(string({ unit: 'binary' }), string({ unit: 'binary' }), async (one, other) => {
        const [first, second] = await Promise.all([
          credentialSlot({ ...host, account: one }),
          credentialSlot({ ...host, account: other }),
        ]);
        expect(first).toMatch(/^[a-z0-9_][a-z0-9._-]*-[0-9a-f]{16}$/);
        expect(first.length).toBeLessThan(60);
        expect(first === second).toBe(one === other);
      }),
      { numRuns: 300 },
    );
  });
});
