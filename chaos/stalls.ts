/**
 * Calls that waited in vain although their token was good: the caller gave up before the request had left. Only where
 * nothing else can have kept it: no store that broke, no process that slept, no clock that differs, no token that the
 * server refused or ended. Pure: from the event log.
 */
import { STORE_OUTAGES, type Event, type Login } from './protocol.ts';

/** The token in a store: until when it is good, and by whose clock it is dated. */
type Token = { until: number; offsetMs: number };
type Call = { at: number; worker: string; login: string; kind: string; token: Token | undefined };

/** A call and a token meet within so long: what happened just before may still be on its way. */
const MARGIN_MS = 2_000;

export class Stalls {
  private readonly logins: ReadonlyMap<string, Login>;
  private readonly tokens = new Map<string, Token>();
  private readonly expiries = new Map<string, number>();
  private readonly offsets = new Map<string, number>();
  private readonly calls = new Map<string, Call>();
  /** Who has had an answer for a login: its process knows the models, and has the token at hand. */
  private readonly served = new Set<string>();

  constructor(logins: readonly Login[]) {
    this.logins = new Map(logins.map(login => [login.id, login]));
  }

  /** Takes the next event in the order of time. @returns what was wrong with a call, once it is over */
  take(event: Event): string | undefined {
    switch (event.type) {
      case 'issued-until':
        this.expiries.set(event.token, event.until);
        break;
      case 'saved':
      case 'login-saved':
        this.tokens.set(event.login, {
          until: this.expiries.get(event.token) ?? 0,
          offsetMs: this.offsetOf(event.worker ?? 'signer'),
        });
        break;
      case 'expired':
      case 'revoked':
      case 'reused':
        this.forget(({ login }) => login === event.login);
        this.tokens.delete(event.login);
        break;
      case 'fault':
        // Whoever is refused renews, and is right to wait for it.
        if (event.fault === 'token refused' || event.fault.includes('401')) {
          this.forget(({ login }) => login === event.login);
        }
        break;
      case 'clock':
        this.offsets.set(slotOf(event.worker), event.offsetMs);
        this.forget(() => true);
        break;
      case 'stopped':
      case 'continued':
        this.forget(({ worker }) => worker === event.worker);
        break;
      case 'outage':
      case 'restored':
        this.forgetOutage(event.what, event.worker);
        break;
      case 'call':
        this.begin(event);
        break;
      case 'chat-arrived':
        this.calls.delete(event.id);
        break;
      case 'outcome':
        return this.end(event);
    }
    return undefined;
  }

  private begin({ at, id, login, kind, worker = '' }: Extract<Event, { type: 'call' }>): void {
    const token = this.tokens.get(login);
    const isDatedAlike = token?.offsetMs === this.offsetOf(worker);
    const isKnown = this.served.has(`${worker} ${login}`);
    this.calls.set(id, { at, worker, login, kind, token: isDatedAlike && isKnown ? token : undefined });
  }

  private end({ at, id, login, outcome, worker = '' }: Extract<Event, { type: 'outcome' }>): string | undefined {
    const call = this.calls.get(id);
    this.calls.delete(id);
    if ('answer' in outcome) {
      this.served.add(`${worker} ${login}`);
      return undefined;
    }
    const isChat = call?.kind === 'generate' || call?.kind === 'stream';
    if (call?.token === undefined || !isChat || !('aborted' in outcome) || call.token.until < at + MARGIN_MS) {
      return undefined;
    }
    const left = Math.round((call.token.until - call.at) / 1000);
    const waited = Math.round((at - call.at) / 1000);
    return `call ${id} of ${login} waited ${waited} s and did not leave, with a token that was good for ${left} s more`;
  }

  /** What happened to some calls makes their waiting understandable. */
  private forget(concerns: (call: Call) => boolean): void {
    for (const call of this.calls.values()) {
      if (concerns(call)) {
        call.token = undefined;
      }
    }
  }

  private forgetOutage(what: string, starved: string | undefined): void {
    this.forget(({ login, worker }) => {
      const store = this.logins.get(login)?.store ?? 'file';
      return what === 'host down' || STORE_OUTAGES[store].includes(what) || worker === starved;
    });
  }

  private offsetOf(worker: string): number {
    return this.offsets.get(slotOf(worker)) ?? 0;
  }
}

/** A worker's clock stays with its place: it is the machine's. */
function slotOf(worker: string): string {
  return worker.split('.')[0]!;
}
