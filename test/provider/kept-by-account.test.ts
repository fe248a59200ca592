import { expect, it } from 'vitest';
import { KeptByAccount } from '../../src/provider/account-name';
import { failure } from '../support/failure';

it('makes a thing once for each account', async () => {
  const kept = new KeptByAccount<object>();
  const first = await kept.of('one', async () => ({}));
  expect(await kept.of('one', async () => ({}))).toBe(first);
  expect(await kept.of('two', async () => ({}))).not.toBe(first);
});

it('keeps nothing that failed', async () => {
  const kept = new KeptByAccount<string>();
  await failure(() => kept.of('one', () => Promise.reject(new Error('no file descriptors'))));
  expect(await kept.of('one', async () => 'made')).toBe('made');
});

it('forgets the oldest of more than a hundred', async () => {
  const kept = new KeptByAccount<number>();
  for (let account = 0; account <= 100; account++) {
    await kept.of(`account-${account}`, async () => account);
  }
  expect(await kept.of('account-1', async () => -1)).toBe(1);
  expect(await kept.of('account-0', async () => -1)).toBe(-1);
});
