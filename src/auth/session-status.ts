import type { SessionContext } from './session-context';
import { holdRead, judgeHeld, newestOf } from './session-record';
import { loadRecord } from './session-store';

/** What a store holds. `due`: it will be renewed at the next request. `revoked`: it is dead, sign in again. */
export type SessionStatus = {
  state: 'missing' | 'valid' | 'due' | 'revoked';
  /** Where, for people. */
  source: string;
  /** Absent where nothing is stored. */
  kind?: 'oauth' | 'api-key';
  /** End of the access token; it is renewed before. Absent for a key and for a dead login. */
  expiresAt?: Date;
};

/** Reads the store; sends nothing. */
export async function sessionStatus(context: SessionContext): Promise<SessionStatus> {
  const source = context.store.location;
  const record = await loadRecord(context);
  if (record === undefined) {
    return { state: 'missing', source };
  }
  if (record.type === 'api-key') {
    return { state: 'valid', source, kind: 'api-key' };
  }
  // Judged beside the session, not in it: asking for the status changes nothing.
  const beside: SessionContext = { ...context, memory: { ...context.memory } };
  const newest = newestOf(context, record);
  holdRead(beside, newest);
  const { state } = judgeHeld(beside);
  const revoked = state === 'dead';
  const expiry = revoked || newest.expiresAt === 0 ? {} : { expiresAt: new Date(newest.expiresAt * 1000) };
  return { state: revoked ? 'revoked' : state, source, kind: 'oauth', ...expiry };
}
