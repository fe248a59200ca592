import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KimiLoginRequiredError } from '../../../src/errors/kimi-error';
import { KimiTokenRefreshError } from '../../../src/errors/kimi-token-refresh-error';
import { Process, World, type Fault } from './session-model';

const REQUESTS = 2;

type Outcome = { name: string; result: 'ok' | 'refresh-failed' | 'login-required' | 'other'; detail: unknown };

type Plan = { faults: Fault[][]; pauses: number[]; outages: boolean[]; killTokens: boolean[]; skews: number[] };

const fault = (kinds: Fault['kind'][]) =>
  fc.record({
    atStep: fc.integer({ min: 1, max: 30 }),
    kind: fc.constantFrom(...kinds),
    hours: fc.constantFrom(-5, 5, 0.1, -0.1),
  });

const plan = (
  kinds: Fault['kind'][],
  outages: fc.Arbitrary<boolean[]> = fc.constant([]),
  sameClock = false,
): fc.Arbitrary<Plan> =>
  fc.integer({ min: 2, max: 4 }).chain(count =>
    fc.record({
      faults: fc.array(kinds.length === 0 ? fc.constant([]) : fc.array(fault(kinds), { maxLength: 2 }), {
        minLength: count,
        maxLength: count,
      }),
      pauses: fc.array(fc.constantFrom(0, 100, 460, 905, 20_000), { minLength: 3, maxLength: 3 }),
      outages,
      killTokens: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
      skews: fc.array(sameClock ? fc.constant(0) : fc.constantFrom(0, 0, 5, -5), {
        minLength: count,
        maxLength: count,
      }),
    }),
  );

type Game = { world: World; processes: Process[]; outcomes: Outcome[]; postsByRound: number[] };

/** Rounds of concurrent requests by all processes, in the order that the scheduler likes. */
async function play(scheduler: fc.Scheduler, { faults, pauses, outages, killTokens, skews }: Plan): Promise<Game> {
  const world = new World(async label => {
    await scheduler.schedule(Promise.resolve(), label);
  });
  world.outages = [...outages];
  const processes = faults.map((own, index) => new Process(world, `p${index}`, own));
  for (const [index, process] of processes.entries()) {
    process.skewMs = (skews[index] ?? 0) * 3_600_000;
  }
  const game: Game = { world, processes, outcomes: [], postsByRound: [] };
  for (const [index, pause] of pauses.entries()) {
    if (killTokens[index] === true) {
      world.accessTokens.clear();
    }
    const before = world.posts;
    await round(scheduler, game, pause);
    game.postsByRound.push(world.posts - before);
  }
  return game;
}

async function round(
  scheduler: fc.Scheduler,
  { world, processes, outcomes }: Game,
  pauseSeconds: number,
): Promise<Outcome[]> {
  world.time += pauseSeconds * 1000;
  const results: Outcome[] = [];
  const alive = processes.filter(process => !process.isKilled);
  const work = alive.map(async process => {
    const requests = Promise.all(Array.from({ length: REQUESTS }, () => request(process)));
    await Promise.race([requests.then(own => results.push(...own)), process.killed]);
  });
  let isDone = false;
  const all = Promise.all(work).then(() => {
    isDone = true;
  });
  while (!isDone) {
    await Promise.race([all, idle(scheduler)]);
    // Those that are stopped wake up only once the others are done.
    for (const process of isDone ? [] : alive) {
      process.wake();
    }
  }
  outcomes.push(...results);
  return results;
}

/** Runs what is scheduled until nothing is left. */
async function idle(scheduler: fc.Scheduler): Promise<void> {
  // The real code between two steps takes some turns of the event loop (streams, WebCrypto-free, no timers).
  for (let quiet = 0; quiet < 3;) {
    if (scheduler.count() > 0) {
      quiet = 0;
      await scheduler.waitOne();
    } else {
      quiet++;
      await new Promise(resolve => setImmediate(resolve));
    }
  }
}

async function request(process: Process): Promise<Outcome> {
  const name = String(process);
  for (let tries = 0; ; tries++) {
    try {
      const response = await process.request();
      return { name, result: response.status === 200 ? 'ok' : 'other', detail: response.status };
    } catch (error) {
      if (KimiTokenRefreshError.isInstance(error)) {
        // As the AI SDK does with a retryable error.
        if (error.isRetryable && tries < 2) {
          continue;
        }
        return { name, result: 'refresh-failed', detail: error.message };
      }
      return {
        name,
        result: KimiLoginRequiredError.isInstance(error) ? 'login-required' : 'other',
        detail: String(error),
      };
    }
  }
}

/** What holds in every world, whoever was killed or stopped. */
function expectSafe({ processes, outcomes }: Game): void {
  expect(outcomes.filter(({ result }) => result === 'other').map(({ detail }) => detail)).toEqual([]);
  for (const process of processes) {
    expect(process.resentRejected, 'a refresh token that was rejected is not sent again').toBe(0);
    // Requests that were under way when the first of them heard of it may have sent the same token.
    expect(process.refusedTwice, 'an access token that was refused is not sent again').toBeLessThanOrEqual(
      REQUESTS - 1,
    );
  }
}

describe('N processes, one login, every interleaving', () => {
  it('refresh once when it is time, and all requests succeed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), plan([], undefined, true), async (scheduler, chosen) => {
        const game = await play(scheduler, chosen);
        expectSafe(game);
        expect(game.outcomes.map(({ result }) => result)).toEqual(game.outcomes.map(() => 'ok'));
        expect(game.outcomes).toHaveLength(chosen.faults.length * REQUESTS * chosen.pauses.length);
        expect(game.world.mostPostsInFlight).toBeLessThanOrEqual(1);
        expect(game.world.reusedRefreshTokens).toBe(0);
        for (const posts of game.postsByRound) {
          expect(posts).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('stay signed in while the OAuth host fails and clocks jump by hours, without a refresh storm', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        plan(['clock'], fc.array(fc.boolean(), { maxLength: 8 })),
        async (scheduler, chosen) => {
          const game = await play(scheduler, chosen);
          expectSafe(game);
          expect(game.outcomes.filter(({ result }) => result === 'login-required')).toEqual([]);
          expect(game.world.mostPostsInFlight).toBeLessThanOrEqual(1);
          expect(game.world.reusedRefreshTokens).toBe(0);
          if (chosen.outages.every(isOutage => !isOutage)) {
            expect(game.outcomes.every(({ result }) => result === 'ok')).toBe(true);
            const jumps = chosen.faults.flat().length;
            for (const posts of game.postsByRound) {
              // One per process and clock at most: those whose clocks differ can't tell each other's tokens.
              expect(posts).toBeLessThanOrEqual(2 * chosen.faults.length + jumps);
            }
          }
        },
      ),
      { numRuns: 700 },
    );
  });

  it(
    'lose the login only when one was killed or stopped between rotation and save; then say so and send nothing ' +
      'more',
    async () => {
      let lost = 0;
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), plan(['kill', 'stop']), async (scheduler, chosen) => {
          const game = await play(scheduler, chosen);
          expectSafe(game);
          const wasStopped = game.processes.some(process => process.wasStopped);
          if (game.world.isChainRevoked) {
            lost++;
            const culprit = [...game.world.rotatedUnsaved].some(process => process.isKilled) || wasStopped;
            expect(culprit, 'the login is lost though nobody was interrupted between rotation and save').toBe(true);
          }
          for (const process of game.processes) {
            const own = game.outcomes.filter(outcome => outcome.name === String(process));
            if (!game.world.isChainRevoked) {
              expect(own.filter(({ result }) => result !== 'ok')).toEqual([]);
            }
          }
          if (!wasStopped) {
            const rejections = game.processes.reduce((sum, process) => sum + process.rejectedRefreshTokens.size, 0);
            const finders = game.processes.filter(
              process => process.rejectedRefreshTokens.size > 0 && !process.isKilled,
            ).length;
            expect(finders, 'one process finds out, the tombstone tells the others').toBeLessThanOrEqual(1);
            expect(rejections).toBeLessThanOrEqual(1 + game.processes.filter(process => process.isKilled).length);
          }
          if (game.world.isChainRevoked) {
            // Whoever has not heard of it learns it now, each with one refresh at most; after that nothing is sent any
            // more.
            await round(scheduler, game, 20_000);
            const posts = game.world.posts;
            const last = await round(scheduler, game, 20_000);
            expect(last.filter(({ result }) => result !== 'login-required')).toEqual([]);
            expect(game.world.posts).toBe(posts);
            expectSafe(game);
          }
        }),
        { numRuns: 1000 },
      );
      expect(lost, 'the plans must reach the window between rotation and save').toBeGreaterThan(0);
    },
  );
});
