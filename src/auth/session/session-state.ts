/**
 * The session as a state machine. Pure: it knows no token, clock or store. The renewal feeds it what happened and does
 * what it says.
 */

/**
 * `missing`: no login in hand. `valid`: the token can be used. `due`: it is to be renewed before use.
 * `refreshing`: the refresh token may be on its way. `revoked`: the login is dead.
 */
export type SessionState = 'missing' | 'valid' | 'due' | 'refreshing' | 'revoked';

/** What happened. `found…`: the store was read, and this is what its record is now. */
export type SessionEvent =
  /** A request needs a token. */
  | 'wanted'
  /** Its time has come, or the API refused it. */
  | 'outdated'
  | 'foundNothing'
  | 'foundValid'
  | 'foundDue'
  /** A tombstone, or a login that this process knows to be dead. */
  | 'foundDead'
  /** After a rejected refresh: the store still holds the login that was rejected. */
  | 'foundRejected'
  /** The OAuth host gave a new login, and it is in the store. */
  | 'rotated'
  /** The refresh did not come about; the login is as it was. */
  | 'unavailable'
  /** It was not sent, because the store cannot keep what would come of it. */
  | 'unsavable'
  /** The OAuth host calls the login dead. */
  | 'rejected';

/**
 * What is to be done. `use`: hand out the token. `read`: read the store. `lock`: take the store's lock, then read it.
 * `refresh`: make sure that a new login can be saved, send the refresh token, save what comes. `useWhileItLasts`: hand
 * out the old token if it is not dead, else fail. `lookForPeer`: wait a moment, read the store again. `writeTombstone`:
 * mark the login as dead in the store, then ask for one. `askForLogin`: fail, saying what to run.
 */
export type SessionAction =
  | 'none'
  | 'use'
  | 'read'
  | 'lock'
  | 'refresh'
  | 'useWhileItLasts'
  | 'lookForPeer'
  | 'writeTombstone'
  | 'askForLogin';

type Row = Readonly<Partial<Record<SessionEvent, readonly [SessionState, SessionAction]>>>;

/** What is true in any state once the store was read. A record that is due is renewed under the lock only. */
const ALWAYS = {
  foundNothing: ['missing', 'askForLogin'],
  foundValid: ['valid', 'use'],
  foundDue: ['due', 'lock'],
  foundDead: ['revoked', 'askForLogin'],
} as const satisfies Row;

const TABLE: Readonly<Record<SessionState, Row>> = {
  missing: { ...ALWAYS, wanted: ['missing', 'read'] },
  valid: { ...ALWAYS, wanted: ['valid', 'use'], outdated: ['due', 'none'] },
  // In `due` the store is read under the lock, so a record that is still due there is ours to renew.
  due: { ...ALWAYS, wanted: ['due', 'lock'], outdated: ['due', 'none'], foundDue: ['refreshing', 'refresh'] },
  refreshing: {
    ...ALWAYS,
    rotated: ['valid', 'use'],
    unavailable: ['due', 'useWhileItLasts'],
    unsavable: ['due', 'useWhileItLasts'],
    rejected: ['refreshing', 'lookForPeer'],
    foundRejected: ['revoked', 'writeTombstone'],
    // A peer has rotated meanwhile, and its login is due again: ours to renew, the lock is still held.
    foundDue: ['refreshing', 'refresh'],
  },
  // Read again each time: a person may have signed in elsewhere. Nothing is sent.
  revoked: { ...ALWAYS, wanted: ['revoked', 'read'] },
};

/**
 * The next state and what to do.
 * @throws Error for an event that cannot happen in the state: a defect of the caller, never of a server or store
 */
export function transition(state: SessionState, event: SessionEvent): { state: SessionState; action: SessionAction } {
  const cell = TABLE[state][event];
  if (cell === undefined) {
    throw new Error(`Kimi session: "${event}" cannot happen in state "${state}".`);
  }
  return { state: cell[0], action: cell[1] };
}
