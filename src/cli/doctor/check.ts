/** What one look at the machine found. */
export type Check = {
  /** Two words at most. */
  name: string;
  /** `warning`: works, but not as it should. `failure`: something does not work; `doctor` ends with 1. */
  state: 'ok' | 'warning' | 'failure';
  /** What was found. Never a secret. */
  detail: string;
  /** What to do about it. */
  fix?: string | undefined;
};
