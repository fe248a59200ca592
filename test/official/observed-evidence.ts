import type { RecordedRequest } from '../../src/simulator/index';

/**
 * What requests of the real client show of each rule: an answer that it got, or a rule that had something to look at
 * and let it pass.
 */
export function observedEvidence(requests: readonly RecordedRequest[]): Record<string, 'gets' | 'passes'> {
  const evidence = new Map<string, 'gets' | 'passes'>();
  for (const { passedRules } of requests) {
    for (const rule of passedRules) {
      evidence.set(rule, 'passes');
    }
  }
  for (const { answeredRules, refusedBy } of requests) {
    for (const rule of refusedBy === undefined ? answeredRules : [...answeredRules, refusedBy]) {
      evidence.set(rule, 'gets');
    }
  }
  return Object.fromEntries([...evidence].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
