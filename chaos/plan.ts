/** What happens to the world and when, all from the seed, before anything has started. */
import { randomOf } from './random.ts';

export type Moment = 'now' | 'refresh-arrived' | 'rotated';

/** `at`, `seconds`: from the start of the run, and how long. */
export type PlannedEvent = { at: number; seconds: number } & (
  | { do: 'kill' | 'stop'; worker: number; moment: Moment }
  | { do: 'clock'; worker: number; offsetSeconds: number }
  | { do: 'disk-full' | 'redis-kill' | 'redis-pause' | 'keyring-lock' }
  | { do: 'no-descriptors'; worker: number }
  | { do: 'host-down'; host: number }
  | { do: 'expire-tokens' | 'revoke'; login: number }
);

type Kind = PlannedEvent['do'];

export type PlanOptions = { seconds: number; workers: number; hosts: number; logins: number };

/** Seconds between two events of a kind, on average. */
const EVERY: Readonly<Record<Kind, number>> = {
  kill: 7,
  stop: 11,
  clock: 13,
  'disk-full': 27,
  'redis-kill': 31,
  'redis-pause': 37,
  'keyring-lock': 31,
  'no-descriptors': 23,
  'host-down': 41,
  'expire-tokens': 11,
  revoke: 47,
};

/** How long an outage lasts, in seconds, from and to. */
const LASTS: Readonly<Partial<Record<Kind, readonly [number, number]>>> = {
  'disk-full': [3, 9],
  'redis-kill': [0.5, 5],
  'redis-pause': [1, 9],
  'keyring-lock': [2, 7],
  'no-descriptors': [1, 4],
  'host-down': [1, 5],
};

/** Longer than our file lock (30 s) and the lock in Redis (5 s, see worker.ts) live without their holder. */
const STOPS = { short: [0.1, 2], 'beyond Redis': [7, 10], 'beyond a file lock': [36, 45] } as const;

const CLOCK_STEPS = [0, -10, 10, 70, -70, 900, -900, 3600, -3600, 86_400, -86_400, 31_536_000];

/** In the order of time. Each kind draws from a stream of its own: a change of one leaves the others as they were. */
export function planWorld(seed: number, options: PlanOptions): PlannedEvent[] {
  const events = (Object.keys(EVERY) as Kind[]).flatMap(kind => planKind(seed, kind, options));
  return events.toSorted((one, other) => one.at - other.at);
}

function planKind(seed: number, kind: Kind, { seconds, workers, hosts, logins }: PlanOptions): PlannedEvent[] {
  const random = randomOf(seed, `world/${kind}`);
  const events: PlannedEvent[] = [];
  // Nothing in the first second: somebody has to be there whom it can hit.
  for (let at = 1 + random.next() * EVERY[kind]; at < seconds; at += -Math.log(1 - random.next()) * EVERY[kind]) {
    const [least, most] = LASTS[kind] ?? [0, 0];
    const event = { at, seconds: random.between(least, most) };
    const worker = Math.floor(random.next() * workers);
    const host = Math.floor(random.next() * hosts);
    const login = Math.floor(random.next() * logins);
    switch (kind) {
      case 'kill':
        events.push({ ...event, do: kind, worker, moment: moment(random.next()) });
        break;
      case 'stop': {
        const length = random.weighted({ short: 5, 'beyond Redis': 4, 'beyond a file lock': 1.5 });
        const [shortest, longest] = STOPS[length];
        const when = moment(random.next());
        events.push({ at, seconds: random.between(shortest, longest), do: kind, worker, moment: when });
        break;
      }
      case 'clock':
        events.push({ ...event, do: kind, worker, offsetSeconds: random.pick(CLOCK_STEPS) });
        break;
      case 'no-descriptors':
        events.push({ ...event, do: kind, worker });
        break;
      case 'host-down':
        events.push({ ...event, do: kind, host });
        break;
      case 'expire-tokens':
      case 'revoke':
        events.push({ ...event, do: kind, login });
        break;
      default:
        events.push({ ...event, do: kind });
    }
  }
  return events;
}

function moment(chance: number): Moment {
  return chance < 0.5 ? 'now' : chance < 0.7 ? 'refresh-arrived' : 'rotated';
}
