/** How every command ends. Stable: scripts rely on them. */
export const EXIT_CODES = {
  ok: 0,
  /** Kimi refused, a store failed, a check of `doctor` failed. */
  failure: 1,
  /** The command line, a setting or a variable cannot work. Nothing was sent. */
  usage: 2,
  /** Nobody is signed in, or the login or key is no longer accepted. */
  loginRequired: 3,
  /** Kimi cannot be reached or is busy. The sign-in is kept; the same command may work later. */
  unavailable: 4,
  interrupted: 130,
  terminated: 143,
} as const;

/** The same for people, below every `--help`. */
export const EXIT_CODES_HELP = `
Exit codes:
  0    done
  1    failed: the message says why
  2    wrong usage or setting; nothing was sent
  3    not signed in, or no longer: run "npx ai-sdk-provider-kimi login"
  4    Kimi cannot be reached or is busy: try again later
  130  interrupted by Ctrl-C (143: by SIGTERM); nothing half-written stays`;
