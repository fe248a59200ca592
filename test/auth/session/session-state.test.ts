import { describe, expect, it } from 'vitest';
import { transition, type SessionEvent, type SessionState } from '../../../src/auth/session/session-state';

const STATES: SessionState[] = ['missing', 'valid', 'due', 'refreshing', 'revoked'];
const FOUND: SessionEvent[] = ['foundNothing', 'foundValid', 'foundDue', 'foundDead'];

describe('transition', () => {
  it.each<[SessionState, SessionEvent, SessionState, string]>([
    ['missing', 'wanted', 'missing', 'read'],
    ['valid', 'wanted', 'valid', 'use'],
    ['valid', 'outdated', 'due', 'none'],
    ['due', 'wanted', 'due', 'lock'],
    ['due', 'foundDue', 'refreshing', 'refresh'],
    ['missing', 'foundDue', 'due', 'lock'],
    ['refreshing', 'rotated', 'valid', 'use'],
    ['refreshing', 'unavailable', 'due', 'useWhileItLasts'],
    ['refreshing', 'unsavable', 'due', 'useWhileItLasts'],
    ['refreshing', 'rejected', 'refreshing', 'lookForPeer'],
    ['refreshing', 'foundRejected', 'revoked', 'writeTombstone'],
    ['refreshing', 'foundValid', 'valid', 'use'],
    ['revoked', 'wanted', 'revoked', 'read'],
    ['revoked', 'foundValid', 'valid', 'use'],
  ])('%s + %s → %s, %s', (state, event, next, action) => {
    expect(transition(state, event)).toEqual({ state: next, action });
  });

  it('knows what to do in every state once the store was read', () => {
    for (const state of STATES) {
      for (const event of FOUND) {
        expect(transition(state, event).action).not.toBe('none');
      }
    }
  });

  it('refreshes only what was found due under the lock', () => {
    for (const state of STATES) {
      for (const event of FOUND) {
        const isLocked = state === 'due' || state === 'refreshing';
        expect(transition(state, event).action === 'refresh').toBe(isLocked && event === 'foundDue');
      }
    }
  });

  it('writes a tombstone only after a rejection that no peer explains', () => {
    expect(() => transition('due', 'foundRejected')).toThrow(/cannot happen/);
    expect(() => transition('valid', 'rejected')).toThrow(/cannot happen/);
  });
});
