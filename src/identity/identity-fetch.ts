import type { FetchFunction } from '../transport/fetch-function';
import { setFinalHeaders } from '../transport/set-final-headers';

/**
 * `fetch` with the identity headers set last, for every host. `headers` is asked at each request, so that settings and
 * environment count at request time; it may answer from memory.
 */
export function createIdentityFetch({
  fetch,
  headers,
}: {
  fetch: FetchFunction;
  headers: () => Promise<ReadonlyArray<readonly [string, string]>>;
}): FetchFunction {
  return async (input, init) => fetch(input, setFinalHeaders(init, await headers()));
}
