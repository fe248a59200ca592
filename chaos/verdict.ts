/** What a run came to: figures, and all that must not have happened. Pure: from the event log. */
import { Losses } from './losses.ts';
import type { Event, Login } from './protocol.ts';
import { Stalls } from './stalls.ts';

export type Verdict = {
  requests: number;
  answers: number;
  abortedByCaller: number;
  cutByKill: number;
  typedErrors: Record<string, number>;
  untypedErrors: Record<string, number>;
  faults: Record<string, number>;
  world: Record<string, number>;
  refreshes: number;
  /** Used refresh tokens that came back although no step of decision 20 explains it. */
  reuses: number;
  /** By the step that docs/decisions.md#20-what-cannot-be-saved allows. */
  lossesAllowed: Record<string, number>;
  endedByServer: number;
  wrongAccount: number;
  torn: number;
  /** Calls that never left although their token was good. */
  stalls: number;
  hangs: number;
  leaks: number;
  crashes: number;
  /** Peak of a worker's resident memory, and its longest time without a turn of its event loop. */
  memoryBytes: Record<string, number>;
  blockedMs: number;
  violations: string[];
};

const WORLD = ['killed', 'stopped', 'clock', 'outage'] as const;

export function judge(unordered: readonly Event[], logins: readonly Login[]): Verdict {
  const events = unordered.toSorted((one, other) => one.at - other.at);
  const verdict: Verdict = {
    requests: 0,
    answers: 0,
    abortedByCaller: 0,
    cutByKill: 0,
    typedErrors: {},
    untypedErrors: {},
    faults: {},
    world: {},
    refreshes: 0,
    reuses: 0,
    lossesAllowed: {},
    endedByServer: 0,
    wrongAccount: 0,
    torn: 0,
    stalls: 0,
    hangs: 0,
    leaks: 0,
    crashes: 0,
    memoryBytes: {},
    blockedMs: 0,
    violations: [],
  };
  const losses = new Losses(events, logins);
  const ended = new EndedLogins();
  const stalls = new Stalls(logins);
  for (const event of events) {
    countOutcome(event, verdict);
    countWorld(event, verdict);
    countTokens(event, verdict, losses);
    const unfounded = ended.take(event);
    if (unfounded !== undefined) {
      verdict.violations.push(at(event, unfounded));
    }
    const stalled = stalls.take(event);
    if (stalled !== undefined) {
      verdict.stalls++;
      verdict.violations.push(at(event, stalled));
    }
  }
  verdict.cutByKill =
    verdict.requests -
    verdict.answers -
    verdict.abortedByCaller -
    verdict.wrongAccount -
    verdict.torn -
    sum(verdict.typedErrors) -
    sum(verdict.untypedErrors);
  return verdict;
}

function countOutcome(event: Event, verdict: Verdict): void {
  if (event.type === 'call') {
    verdict.requests++;
  } else if (event.type === 'hung') {
    verdict.hangs++;
    verdict.violations.push(at(event, `call ${event.id} of ${event.login} has no outcome after ${event.seconds} s`));
  }
  if (event.type !== 'outcome') {
    return;
  }
  const { outcome, login, id } = event;
  if ('aborted' in outcome) {
    verdict.abortedByCaller++;
  } else if ('error' in outcome) {
    add(outcome.typed ? verdict.typedErrors : verdict.untypedErrors, outcome.error);
    if (!outcome.typed) {
      verdict.violations.push(at(event, `untyped error in call ${id}: ${outcome.name}: ${outcome.message}`));
    }
  } else if (outcome.answer === 'right') {
    verdict.answers++;
  } else if (outcome.answer === 'torn') {
    verdict.torn++;
    verdict.violations.push(at(event, `call ${id} of ${login} took a part of an answer for the whole`));
  } else {
    verdict.wrongAccount++;
    verdict.violations.push(at(event, `call ${id} of ${login} got another login's answer`));
  }
}

function countWorld(event: Event, verdict: Verdict): void {
  const { worker = '' } = event;
  if (event.type === 'fault') {
    add(verdict.faults, `${event.endpoint}: ${event.fault}`);
  } else if ((WORLD as readonly string[]).includes(event.type)) {
    add(verdict.world, event.type === 'outage' ? event.what : event.type);
  } else if (event.type === 'memory') {
    verdict.memoryBytes[worker] = Math.max(verdict.memoryBytes[worker] ?? 0, event.rss);
    verdict.blockedMs = Math.max(verdict.blockedMs, event.blockedMs);
  } else if (event.type === 'exited') {
    verdict.crashes++;
    verdict.violations.push(at(event, `the process ended by itself (${event.how}): ${event.output.slice(-1500)}`));
  } else if (event.type === 'leak') {
    verdict.leaks++;
    verdict.violations.push(at(event, `${event.token} shows in ${event.where}`));
  } else if (event.type === 'not-recovered') {
    verdict.violations.push(at(event, `${event.login} gives no answer on a calm world: ${event.last}`));
  }
}

function countTokens(event: Event, verdict: Verdict, losses: Losses): void {
  if (event.type === 'rotated') {
    verdict.refreshes++;
  } else if (event.type === 'revoked') {
    verdict.endedByServer++;
  } else if (event.type === 'reused') {
    const explanation = losses.explain(event);
    if ('allowed' in explanation) {
      add(verdict.lossesAllowed, explanation.allowed);
    } else {
      verdict.reuses++;
      verdict.violations.push(at(event, `${event.login} is lost, token ${event.token}: ${explanation.violation}`));
    }
  } else if (event.type === 'foreign-token') {
    verdict.wrongAccount++;
    verdict.violations.push(at(event, `a token of ${event.login} came to host ${event.host} (${event.path})`));
  } else if (event.type === 'crossed') {
    verdict.wrongAccount++;
    verdict.violations.push(at(event, `a request of ${event.asked} went out under ${event.login}`));
  }
}

/**
 * Calls that say "sign in" although the login was good: the server had neither ended it nor seen its token twice since
 * the last sign-in. `rejected` is another matter: the API refused two tokens in a row, and the login stays.
 */
class EndedLogins {
  private readonly isDead = new Set<string>();
  /** By token: a login that the server ended between its making and its saving is dead when it is saved. */
  private readonly madeAt = new Map<string, number>();
  private readonly revokedAt = new Map<string, number>();
  private readonly savedAt = new Map<string, number>();
  private readonly began = new Map<string, number>();

  take(event: Event): string | undefined {
    if (event.type === 'issued-until') {
      this.madeAt.set(event.token, event.at);
    } else if (event.type === 'revoked' || event.type === 'reused') {
      this.isDead.add(event.login);
      if (event.type === 'revoked') {
        this.revokedAt.set(event.login, event.at);
      }
    } else if (event.type === 'login-saved') {
      const madeAt = this.madeAt.get(event.token) ?? event.at;
      if (madeAt > (this.revokedAt.get(event.login) ?? Number.NEGATIVE_INFINITY)) {
        this.isDead.delete(event.login);
      }
      this.savedAt.set(event.login, event.at);
    } else if (event.type === 'call') {
      this.began.set(event.id, event.at);
    } else if (event.type === 'outcome') {
      const { outcome, login, id } = event;
      const began = this.began.get(id) ?? 0;
      this.began.delete(id);
      const saysLost = 'error' in outcome && outcome.error === 'KIMI_LOGIN_REQUIRED' && outcome.reason !== 'rejected';
      if (saysLost && !this.isDead.has(login) && began > (this.savedAt.get(login) ?? 0)) {
        // Once: the login counts as ended until it is signed in again.
        this.isDead.add(login);
        return `${login} was given up (${outcome.reason}) though the server had not ended it: ${outcome.message}`;
      }
    }
    return undefined;
  }
}

function at({ at: time, worker = 'the harness' }: Event, text: string): string {
  return `${new Date(time).toISOString().slice(11, 23)} ${worker}: ${text}`;
}

function add(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

export function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
