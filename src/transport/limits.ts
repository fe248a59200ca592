/** How much and how long one request may wait for its answer; what a server sends and does not send is bounded. */
export type KimiLimits = {
  /**
   * How many bytes one event of a streamed answer may have, after decompression, and the tool calls of one
   * together; the call ends with an error above it.
   * @default 16777216 (16 MiB)
   */
  eventBytes?: number | undefined;

  /**
   * How many milliseconds until the first byte of the answer, everything included: renewing the login, connecting,
   * waiting for the model. A whole answer (`generateText`) begins when the model has thought to its end. 0: no limit.
   * A first call may wait 2 s for the list of models before. Node's own `fetch` gives up after 10 s without a
   * connection and 300 s without headers in any case; the `fetch` setting can bring other limits.
   * @default 300000 for a streamed answer, 1800000 for a whole one
   */
  firstByteMs?: number | undefined;

  /**
   * How many milliseconds the server may be silent in the middle of an answer. 0: no limit. Models may think in
   * silence: leave it out, or well above a minute.
   * @default 0
   */
  idleMs?: number | undefined;

  /**
   * How many bytes an upload by `url` downloads at most.
   * @default 104857600 (100 MiB)
   */
  downloadBytes?: number | undefined;
};

/** The longest that timers know. */
const LONGEST_MS = 2 ** 31 - 1;

/** No string of a runtime is longer. */
const MOST_BYTES = 2 ** 29 - 1;

/** What is wrong with `limits`: the name and what it must be; `undefined` where nothing is. */
export function wrongLimit(limits: KimiLimits): { name: keyof KimiLimits; must: string } | undefined {
  const { eventBytes, firstByteMs, idleMs, downloadBytes } = limits;
  if (eventBytes !== undefined && !isWholeWithin(eventBytes, 1, MOST_BYTES)) {
    return { name: 'eventBytes', must: `a whole number of bytes from 1 to ${MOST_BYTES}` };
  }
  if (downloadBytes !== undefined && !isWholeWithin(downloadBytes, 1, Number.MAX_SAFE_INTEGER)) {
    return { name: 'downloadBytes', must: 'a whole number of bytes, at least 1' };
  }
  const times = { firstByteMs, idleMs };
  for (const name of ['firstByteMs', 'idleMs'] as const) {
    const value = times[name];
    if (value !== undefined && !isWholeWithin(value, 0, LONGEST_MS)) {
      return { name, must: `a whole number of milliseconds from 1 to ${LONGEST_MS}, or 0 for no limit` };
    }
  }
  return undefined;
}

function isWholeWithin(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}
