/** Plays a plan: does to the world and to the workers what it says, when it says so, and puts all right at the end. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Cast } from './cast.ts';
import { CAN_LIMIT_DESCRIPTORS } from './disk.ts';
import type { Moment, PlannedEvent } from './plan.ts';
import type { Event, Outage, ServerCommand } from './protocol.ts';
import type { Stage } from './stage.ts';

export type Play = Pick<Stage, 'disk' | 'redis' | 'keyring' | 'logins'> & {
  seconds: number;
  /** Whether all is seen already. */
  isOver(): boolean;
  cast: Cast;
  tell(command: ServerCommand): void;
  record(event: Event): void;
  /** Called with each event as it comes. */
  listeners: ((event: Event) => void)[];
};

type Armed = { moment: Moment; act(worker: number): void };

export async function playWorld(plan: readonly PlannedEvent[], play: Play): Promise<void> {
  const start = Date.now();
  const armed: Armed[] = [];
  const running: Promise<void>[] = [];
  const busy = new Set<string>();
  play.listeners.push(event => {
    const index = armed.findIndex(({ moment }) => moment === event.type);
    const worker = index < 0 ? undefined : play.cast.numberOf(event.worker ?? '');
    if (worker !== undefined) {
      armed.splice(index, 1)[0]!.act(worker);
    }
  });
  for (const event of plan) {
    await delay(Math.max(0, start + event.at * 1000 - Date.now()));
    // The same thing twice at once would be put right by the first that ends.
    const what = 'worker' in event ? `${event.do} ${event.worker}` : 'host' in event ? `host ${event.host}` : event.do;
    const resource = event.do.startsWith('redis') ? 'redis' : what;
    if (busy.has(resource)) {
      continue;
    }
    busy.add(resource);
    // What fails stays in the list, and fails the run when it is over.
    const done = act(event, play, armed).finally(() => busy.delete(resource));
    done.catch(() => undefined);
    running.push(done);
  }
  while (Date.now() < start + play.seconds * 1000 && !play.isOver()) {
    await delay(Math.min(200, Math.max(0, start + play.seconds * 1000 - Date.now())));
  }
  armed.length = 0;
  await Promise.all(running);
}

async function act(event: PlannedEvent, play: Play, armed: Armed[]): Promise<void> {
  const { cast, disk, redis, keyring, logins, tell } = play;
  const milliseconds = event.seconds * 1000;
  switch (event.do) {
    case 'kill':
      await whenever(event, armed, async worker => {
        cast.kill(worker, event.moment);
        await delay(300);
        cast.start(worker);
      });
      break;
    case 'stop':
      await whenever(event, armed, async worker => {
        cast.stop(worker);
        // At the end of the run nobody is left asleep for a file lock's life.
        await delay(milliseconds);
        cast.continue(worker);
      });
      break;
    case 'clock':
      cast.step(event.worker, event.offsetSeconds * 1000);
      break;
    case 'disk-full':
      await outage(
        play,
        'disk full',
        milliseconds,
        () => disk.fill(cast.pids),
        () => disk.free(cast.pids),
      );
      break;
    case 'redis-kill':
      if (redis !== undefined) {
        await outage(
          play,
          'redis down',
          milliseconds,
          () => redis.kill(),
          () => redis.start(),
        );
      }
      break;
    case 'redis-pause':
      if (redis !== undefined) {
        await outage(
          play,
          'redis paused',
          milliseconds,
          async () => redis.pause(),
          async () => redis.resume(),
        );
      }
      break;
    case 'keyring-lock':
      if (keyring !== undefined) {
        await outage(
          play,
          'keyring locked',
          milliseconds,
          () => keyring.lock(),
          () => keyring.unlock(),
        );
      }
      break;
    case 'no-descriptors':
      if (CAN_LIMIT_DESCRIPTORS) {
        await cast.starve(event.worker, milliseconds);
      }
      break;
    case 'host-down': {
      const { host } = event;
      const set = (command: 'host-down' | 'host-up') => async () => tell({ do: command, host });
      await outage(play, 'host down', milliseconds, set('host-down'), set('host-up'));
      break;
    }
    case 'expire-tokens':
    case 'revoke':
      tell({ do: event.do, login: logins[event.login % logins.length]!.id });
  }
}

/** Now to the worker that the plan names, or to whoever next reaches the moment, within some seconds. */
async function whenever(
  { moment, worker }: { moment: Moment; worker: number },
  armed: Armed[],
  deed: (worker: number) => Promise<void>,
): Promise<void> {
  if (moment === 'now') {
    await deed(worker);
    return;
  }
  await new Promise<void>((resolve, reject) => {
    let isSprung = false;
    const trap: Armed = {
      moment,
      act(reached) {
        isSprung = true;
        deed(reached).then(resolve, reject);
      },
    };
    armed.push(trap);
    setTimeout(() => {
      if (!isSprung) {
        armed.splice(0, armed.length, ...armed.filter(other => other !== trap));
        resolve();
      }
    }, 8_000);
  });
}

async function outage(
  { record }: Play,
  what: Outage,
  milliseconds: number,
  begin: () => Promise<void>,
  end: () => Promise<void>,
): Promise<void> {
  record({ at: Date.now(), type: 'outage', what });
  await begin();
  await delay(milliseconds);
  await end();
  record({ at: Date.now(), type: 'restored', what });
}
