/**
 * How the suites of this folder draw: `FUZZ_SEED` repeats a run, `FUZZ_RUNS` says how many cases each property draws
 * instead of its own number. The seed is printed with every failure, and at the start.
 */
import fc from 'fast-check';

const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2_147_483_648);
const runs = process.env.FUZZ_RUNS === undefined ? undefined : Number(process.env.FUZZ_RUNS);

/** Parameters of a property. @param usual how many cases it draws without `FUZZ_RUNS` */
export function fuzz(usual: number): { seed: number; numRuns: number } {
  return { seed, numRuns: runs ?? usual };
}

/** Ends with an error that says how to repeat it. */
export async function check(property: fc.IRawProperty<unknown>, usual: number): Promise<void> {
  console.log(`FUZZ_SEED=${seed}, ${runs ?? usual} runs`);
  await fc.assert(property as fc.IAsyncProperty<unknown>, fuzz(usual));
}
