/** A lock that was taken, by whatever mechanism. */
export type HeldLock = {
  /** False when the lock is gone: whoever held it for us died. */
  isHeld: () => Promise<boolean>;
  /** Gives the lock back; when it resolves others can take it. Never throws. */
  release: () => Promise<void>;
};
