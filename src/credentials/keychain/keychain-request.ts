/**
 * The libraries that can reach the keychain. They share items on macOS only: tooling.md 3, keytar_win.cc, keyring-rs.
 */
export type KeychainLibrary = 'keytar' | '@napi-rs/keyring';

/**
 * One native call. `library` counts in the order of those that could be loaded. Where there is no second one,
 * `secret-tool` stands in.
 */
export type KeychainStep =
  | {
      op: 'get';
      account: string;
      library: number;
      /** Skip this step if that earlier one found something. */
      unless?: number;
      /** Nothing found is believed only if the keychain is known to be unlocked, else the request fails as `locked`. */
      confirm?: boolean;
      /** A failure counts as null: the outcome is not needed. */
      optional?: boolean;
    }
  | { op: 'set'; account: string; value: string; library: number }
  | { op: 'delete'; account: string; library: number; confirm?: boolean; optional?: boolean };

/** What one child process is asked, as JSON on its stdin. Its steps run in order; the first failure ends it. */
export type KeychainRequest = {
  service: string;
  /** In order of preference; those that cannot be loaded are left out. */
  libraries: readonly { name: KeychainLibrary; path: string }[];
  steps: readonly KeychainStep[];
};

/** What it answers, as JSON on the last line of its stdout. */
export type KeychainAnswer =
  | {
      ok: true;
      /** Per step: the value or null for `get`, whether there was one for `delete`, null for `set`. */
      results: readonly (string | boolean | null)[];
      /** The libraries that were loaded. */
      loaded: readonly KeychainLibrary[];
    }
  | { ok: false; kind: 'missing' | 'locked' | 'unavailable' | 'unreadable' | 'failed'; message: string };
