/** One pinned fact, and what npm serves today. */
export type Finding = {
  fact: string;
  pinned: string;
  /** What npm serves; in `unknown` and `skipped`, why nobody looked. */
  found: string;
  state: 'same' | 'moved' | 'unknown' | 'skipped';
  /** The file that must change when the fact has moved. */
  change: string;
};

export function compared(fact: string, pinned: string, found: string, change: string): Finding {
  return { fact, pinned, found, state: pinned === found ? 'same' : 'moved', change };
}

/** Values that were there and are not, and the other way round. */
export function comparedLists(
  fact: string,
  pinned: readonly string[],
  found: readonly string[],
  change: string,
): Finding {
  const difference = [
    ...found.filter(value => !pinned.includes(value)).map(value => `+ ${value}`),
    ...pinned.filter(value => !found.includes(value)).map(value => `- ${value}`),
  ];
  return difference.length === 0
    ? compared(fact, pinned.join(', '), pinned.join(', '), change)
    : compared(fact, pinned.join(', '), difference.join(', '), change);
}

/** `could not look` is no verdict: it counts where nothing moved. */
export function exitCode(findings: readonly Finding[]): 0 | 1 | 2 {
  const states = new Set(findings.map(({ state }) => state));
  return states.has('moved') ? 1 : states.has('unknown') ? 2 : 0;
}
