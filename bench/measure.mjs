/**
 * Measuring: rounds in which every case runs once, in an order of chance, so that what else the machine does hits all
 * alike.
 */

/**
 * @param {Array<{ name: string, run(): Promise<number> }>} cases every `run` must give the same number, or they did not
 *   do the same work
 * @param {{ rounds: number, warmups: number, repeats: number }} options `repeats`: runs that make one sample, one after
 *   the other
 * @returns {Promise<Map<string, Array<{ cpu: number, wall: number }>>>} per case one sample per round, in milliseconds
 *   per run
 */
export async function measure(cases, { rounds, warmups, repeats }) {
  const samples = new Map(cases.map(({ name }) => [name, []]));
  let expected;
  // Once, before the warm-up: a forced collection throws optimized code away, and one before each sample made
  // everything twice as slow (ran).
  globalThis.gc?.();
  for (let round = -warmups; round < rounds; round++) {
    for (const { name, run } of shuffled(cases)) {
      const cpuBefore = process.cpuUsage();
      const before = performance.now();
      for (let repeat = 0; repeat < repeats; repeat++) {
        const result = await run();
        expected ??= result;
        if (result !== expected) {
          throw new Error(
            `"${name}" read ${result} characters where another case read ${expected}: they do not do the same work.`,
          );
        }
      }
      const wall = performance.now() - before;
      const { user, system } = process.cpuUsage(cpuBefore);
      if (round >= 0) {
        samples.get(name).push({ cpu: (user + system) / 1000 / repeats, wall: wall / repeats });
      }
    }
  }
  return samples;
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * The median over rounds of `combine(mine, theirs)`: two cases of one round saw the same machine, two medians may not
 * have.
 */
export function paired(samples, mine, theirs, combine) {
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

/** Columns as wide as their widest cell; the first one left-aligned, the others right-aligned. */
export function table(title, header, rows) {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map(row => row[column].length)));
  const lines = all.map(row =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join('  '),
  );
  return [title, lines[0], widths.map(width => '-'.repeat(width)).join('  '), ...lines.slice(1), ''].join('\n');
}
