/**
 * Measuring: rounds in which every case runs once, in an order of chance, so that what else the machine does hits all
 * alike.
 *
 * @typedef {{ name: string, reads?: string, run(clock: Clock): Promise<number> }} Case `run` does the work and gives
 *   back how much it has read, in `reads` (default: characters). Cases that read the same must read as much.
 * @typedef {{ start(): void, stop(): void }} Clock for a case of which only a part counts: `stop` ends it, `start`
 *   moves its beginning from the beginning of the run
 * @typedef {{ cpu: number, wall: number, part: number, partCpu: number }} Sample milliseconds per run; `part` and
 *   `partCpu`: wall time (the median of the runs) and CPU (their mean) that the {@link Clock} has seen, NaN where it
 *   was not stopped
 */

/**
 * @param {Case[]} cases
 * @param {{ rounds: number, warmups: number, repeats: number }} options `repeats`: runs that make one sample, one after
 *   the other
 * @returns {Promise<Map<string, Sample[]>>} per case one sample per round
 * @throws when a case reads another amount than the others: they did not do the same work
 */
export async function measure(cases, { rounds, warmups, repeats }) {
  const samples = new Map(cases.map(({ name }) => [name, []]));
  const expected = new Map();
  // Once, before the warm-up: a forced collection throws optimized code away, and one before each sample made
  // everything twice as slow (ran).
  globalThis.gc?.();
  for (let round = -warmups; round < rounds; round++) {
    for (const { name, reads = 'characters', run } of shuffled(cases)) {
      const sample = await sampleOf(run, repeats, amount => {
        if (amount !== (expected.get(reads) ?? amount)) {
          throw new Error(
            `"${name}" read ${amount} ${reads} where another case or run read ${expected.get(reads)}: they do not do ` +
              'the same work.',
          );
        }
        expected.set(reads, amount);
      });
      if (round >= 0) {
        samples.get(name).push(sample);
      }
    }
  }
  return samples;
}

async function sampleOf(run, repeats, check) {
  const parts = [];
  let started;
  let startedCpu;
  let partsCpu = 0;
  const clock = {
    start() {
      started = performance.now();
      startedCpu = process.cpuUsage();
    },
    stop() {
      parts.push(performance.now() - started);
      partsCpu += cpuSince(startedCpu);
    },
  };
  const cpuBefore = process.cpuUsage();
  const before = performance.now();
  for (let repeat = 0; repeat < repeats; repeat++) {
    clock.start();
    check(await run(clock));
  }
  const wall = performance.now() - before;
  return {
    cpu: cpuSince(cpuBefore) / repeats,
    wall: wall / repeats,
    part: median(parts),
    partCpu: parts.length === 0 ? NaN : partsCpu / parts.length,
  };
}

/** Of all threads of this process, in milliseconds. */
function cpuSince(before) {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** @returns NaN for no values */
export function median(values) {
  if (values.length === 0) {
    return NaN;
  }
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The median of one measure of a case. @param {keyof Sample} field */
export function typical(samples, name, field) {
  return median(samples.get(name).map(sample => sample[field]));
}

/**
 * The median over rounds of `mine / theirs`: two cases of one round saw the same machine, two medians may not have.
 */
export function ratio(samples, mine, theirs, field) {
  return paired(samples, mine, theirs, (a, b) => a[field] / b[field]);
}

/** As {@link ratio}, for `mine - theirs`. */
export function difference(samples, mine, theirs, field) {
  return paired(samples, mine, theirs, (a, b) => a[field] - b[field]);
}

function paired(samples, mine, theirs, combine) {
  const others = samples.get(theirs);
  return median(samples.get(mine).map((sample, round) => combine(sample, others[round])));
}

export function shuffled(values) {
  const copy = [...values];
  for (let index = copy.length - 1; index > 0; index--) {
    const other = Math.floor(Math.random() * (index + 1));
    [copy[index], copy[other]] = [copy[other], copy[index]];
  }
  return copy;
}
