/** The server was silent for longer than the request waits. */
export class SilenceError extends Error {
  /** @param isFirst whether nothing had come of the body yet */
  constructor(
    readonly milliseconds: number,
    readonly isFirst: boolean,
  ) {
    super(`${isFirst ? 'no answer began' : 'nothing came'} within ${milliseconds / 1000} s`);
    this.name = 'SilenceError';
  }
}

/**
 * Ends a request whose server is silent for too long: until the first byte of the body, then between two pieces. Only
 * the time counts in which somebody waits; whoever reads slowly is not the server.
 */
export class SilenceLimit {
  /** Aborted with a {@link SilenceError}. */
  readonly signal: AbortSignal;

  private readonly abort = new AbortController();
  private readonly idleMs: number;
  private milliseconds: number;
  private isFirst = true;
  private left: number;
  private since = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** @param limits in ms; 0 is no limit */
  constructor({ firstByteMs, idleMs }: { firstByteMs: number; idleMs: number }) {
    this.signal = this.abort.signal;
    this.milliseconds = firstByteMs;
    this.left = firstByteMs;
    this.idleMs = idleMs;
  }

  /** Somebody begins to wait for the server. */
  wait(): void {
    if (this.milliseconds === 0 || this.timer !== undefined) {
      return;
    }
    this.since = performance.now();
    this.timer = setTimeout(() => {
      this.abort.abort(new SilenceError(this.milliseconds, this.isFirst));
    }, this.left);
    // On Node; a request that nobody waits for keeps no process alive.
    (this.timer as { unref?: () => void }).unref?.();
  }

  /** Nobody waits any more, though nothing of the body has come. */
  pause(): void {
    if (this.timer !== undefined) {
      clearTimeout(this.timer);
      this.timer = undefined;
      this.left = Math.max(1, this.left - (performance.now() - this.since));
    }
  }

  /** A piece of the body has come. */
  heard(): void {
    this.pause();
    this.isFirst = false;
    this.milliseconds = this.idleMs;
    this.left = this.idleMs;
  }
}
