/**
 * Why a refresh token came back, or a login ended: the step that docs/decisions.md#20-what-cannot-be-saved allows, or
 * none, which is a violation. Pure: all from the event log.
 */
import { FILE_LOCK_MS, REDIS_LOCK_MS, STORE_OUTAGES, type Event, type Login } from './protocol.ts';

export type Interval = { from: number; to: number };
type EventOf<Type extends Event['type']> = Extract<Event, { type: Type }>;

/** The step, or why there is none. */
export type Explanation = { allowed: string } | { violation: string };

/** A store was proved writable so long before the server knew of the request, at most: three tries and their pauses. */
const PROOF_MS = 1_000;
/** What lies between the end of an answer and the end of its save, on a machine that is busy. */
const SAVE_MS = 3_000;
/** A request that a process had all but sent when it was stopped arrives so soon after it goes on. */
const WAKE_MS = 5_000;

export class Losses {
  private readonly rotations = new Map<string, EventOf<'rotated'>>();
  private readonly answers = new Map<string, EventOf<'rotation-answered'>>();
  private readonly saves = new Map<string, number>();
  private readonly kills = new Map<string, number>();
  private readonly stops = new Map<string, Interval[]>();
  private readonly outages: (Interval & { what: string; worker: string | undefined })[] = [];
  private readonly logins: ReadonlyMap<string, Login>;

  /** @param events in the order of time */
  constructor(events: readonly Event[], logins: readonly Login[]) {
    this.logins = new Map(logins.map(login => [login.id, login]));
    for (const event of events) {
      this.learn(event);
    }
  }

  /** Why the token of a reuse was sent a second time. */
  explain({ token, login, worker, at }: EventOf<'reused'>): Explanation {
    const rotation = this.rotations.get(token);
    if (rotation === undefined) {
      return { violation: 'the token was never rotated as far as the log says' };
    }
    const spender = rotation.worker;
    const answer = this.answers.get(rotation.to);
    const savedAt = this.saves.get(rotation.to);
    if (this.wasAsleep(worker, this.lockLifeOf(login), at)) {
      return { allowed: 'SIGSTOP beyond the lock, with the request on its way' };
    }
    if (savedAt !== undefined && savedAt < at) {
      const since = Math.round(at - savedAt);
      return { violation: `${worker} sent a token whose successor ${spender} had saved ${since} ms before` };
    }
    if (answer?.delivered === false && answer.fault !== undefined) {
      return { allowed: 'answer lost between server and process' };
    }
    const killed = this.kills.get(spender);
    if (killed !== undefined && killed <= at) {
      return { allowed: 'SIGKILL between rotation and save' };
    }
    const lockLife = this.lockLifeOf(login);
    if (this.wasAsleep(spender, lockLife, rotation.at)) {
      return { allowed: 'SIGSTOP beyond the lock, with the request on its way' };
    }
    const slept = (this.stops.get(spender) ?? []).find(({ from, to }) => to > rotation.at && from < at);
    if (slept !== undefined && Math.min(slept.to, at) - slept.from >= lockLife * 0.9) {
      return { allowed: 'SIGSTOP beyond the lock between rotation and save' };
    }
    return this.explainByStore(rotation, answer?.at ?? at, at);
  }

  private explainByStore(rotation: EventOf<'rotated'>, answeredAt: number, at: number): Explanation {
    const { login, worker } = rotation;
    const kinds = STORE_OUTAGES[this.logins.get(login)?.store ?? 'file'];
    const concerning = this.outages.filter(
      ({ what, worker: starved }) => kinds.includes(what) || (what === 'no file descriptors' && starved === worker),
    );
    const after = concerning.find(({ from }) => from >= rotation.at - PROOF_MS && from <= answeredAt + SAVE_MS);
    if (after !== undefined) {
      return { allowed: `${after.what} between proof and save` };
    }
    if (answeredAt >= at) {
      const first = Math.round(at - rotation.at);
      return { violation: `${worker} still waited for the answer (${first} ms): the lock kept nobody out` };
    }
    const before = concerning.find(({ from, to }) => from < rotation.at && to > rotation.at);
    const when = Math.round(at - rotation.at);
    return {
      violation:
        before === undefined
          ? `${worker} had the answer (${when} ms before) and nothing kept it from saving it`
          : `${worker} spent the token though "${before.what}" had begun ` +
            `${Math.round(rotation.at - before.from)} ms before, and could not save what it got`,
    };
  }

  private lockLifeOf(login: string): number {
    return this.logins.get(login)?.store === 'redis' ? REDIS_LOCK_MS : FILE_LOCK_MS;
  }

  private wasAsleep(worker: string, atLeastMs: number, at: number): boolean {
    return (this.stops.get(worker) ?? []).some(
      ({ from, to }) => to <= at && at - to < WAKE_MS && to - from >= atLeastMs * 0.9,
    );
  }

  private learn(event: Event): void {
    switch (event.type) {
      case 'rotated':
        this.rotations.set(event.from, event);
        break;
      case 'rotation-answered':
        this.answers.set(event.to, event);
        break;
      case 'saved':
        if (!this.saves.has(event.token)) {
          this.saves.set(event.token, event.at);
        }
        break;
      case 'killed':
        this.kills.set(event.worker, event.at);
        break;
      case 'exited':
        this.kills.set(event.worker, event.at);
        break;
      case 'stopped':
        this.stops.set(event.worker, [
          ...(this.stops.get(event.worker) ?? []),
          { from: event.at, to: Number.POSITIVE_INFINITY },
        ]);
        break;
      case 'continued':
        this.stops.get(event.worker)!.at(-1)!.to = event.at;
        break;
      case 'outage':
        this.outages.push({ from: event.at, to: Number.POSITIVE_INFINITY, what: event.what, worker: event.worker });
        break;
      case 'restored':
        this.outages.findLast(({ what, worker }) => what === event.what && worker === event.worker)!.to = event.at;
    }
  }
}
