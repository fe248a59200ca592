/**
 * The candidate that a person most likely meant: fewest edits, at most half of the id's length; `undefined` where none
 * is near.
 */
export function nearestId(id: string, candidates: readonly string[]): string | undefined {
  const normalized = normalize(id);
  if (normalized === '') {
    return undefined;
  }
  const ranked = candidates
    .map(candidate => ({ candidate, distance: editDistance(normalized, normalize(candidate)) }))
    .toSorted((left, right) => left.distance - right.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.max(2, normalized.length / 2) ? best.candidate : undefined;
}

/** Names differ by prefix, case and separators more often than by letters: `Kimi-K3`, `kimi_k3`, `k3`. */
function normalize(id: string): string {
  return id
    .toLowerCase()
    .replace(/^kimi[-_]?(?=k\d)/, '')
    .replace(/[^a-z0-9]/g, '');
}

/** Levenshtein, one row at a time. */
function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (const [i, character] of [...left].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...right].entries()) {
      next.push(Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, (row[j] ?? 0) + (character === other ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
