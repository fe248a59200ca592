/**
 * Aborts with whichever is first. `AbortSignal.any` where there is one: the edge runtime of Next.js has none
 * (docs/wire.md#edge-without-abortsignalany), and there the listeners stay as long as the signals do, which are of one
 * request.
 */
export function anySignal(signal: AbortSignal, ...others: ReadonlyArray<AbortSignal | null | undefined>): AbortSignal {
  const signals = [signal, ...others.filter(other => other != null)];
  if (signals.length === 1) {
    return signal;
  }
  if ('any' in AbortSignal) {
    return AbortSignal.any(signals);
  }
  const either = new AbortController();
  for (const each of signals) {
    if (each.aborted) {
      either.abort(each.reason);
      break;
    }
    each.addEventListener('abort', () => either.abort(each.reason), { once: true });
  }
  return either.signal;
}
