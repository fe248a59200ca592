/**
 * What a refusal is about, and whether a new access token may cure it: the one reader of {@link KIMI_ERROR_TABLE}.
 */
import { readErrorBody } from './error-body';
import { KIMI_ERROR_TABLE, type ErrorRow } from './error-table';

/** What the table sees of a refusal. */
export type ErrorSubject = {
  /** HTTP status; `undefined` for an error in the middle of an answer. */
  status: number | undefined;
  /** The server's text, empty where it gave none. */
  text: string;
  /** `type` and `code` of the body. */
  types: readonly string[];
  /** The body is a page: of a proxy, a firewall or another host. */
  isPage: boolean;
};

/** The patterns of the table look at no more: some take time with the square of it. */
const LONGEST_SAID = 4096;

/** The first row that fits; `undefined` for a status that no row knows. */
export function findErrorRow({ status, text, types, isPage }: ErrorSubject): ErrorRow | undefined {
  // A link names models and plans that the refusal is not about.
  const said = text.slice(0, LONGEST_SAID).replace(/https?:\/\/\S+/g, ' ');
  const named = types.map(type => type.slice(0, LONGEST_SAID));
  return KIMI_ERROR_TABLE.find(row => {
    if (row.page && !isPage) {
      return false;
    }
    if (status === undefined ? row.inAnswer : row.always?.includes(status)) {
      return true;
    }
    if (status !== undefined && row.status !== undefined && !row.status.includes(status)) {
      return false;
    }
    return (
      named.some(type => row.types?.test(type)) ||
      (!isPage && (row.texts?.some(pattern => pattern.test(said)) ?? false))
    );
  });
}

/**
 * Whether a 401 with this body means that the API does not accept the access token, so that a refresh can help
 * (docs/decisions.md#19-what-a-401-is-about). Kimi answers 401 also to a model the plan lacks
 * (docs/wire.md#error-model-401), a context above the plan (docs/wire.md#error-plan-context) and missing high-speed
 * access (docs/wire.md#error-high-speed). A refresh does not help there; it would spend a refresh token and end in
 * "sign in again" for somebody who is signed in. Empty and unknown bodies count as about the token.
 * @param body text of the response, of either wire; need not be JSON
 */
export function isTokenRefused(body: string): boolean {
  const { texts, types, isPage } = readErrorBody(body);
  // A code speaks here as a text does: `membership_expired` is not about the token.
  return findErrorRow({ status: 401, text: [...texts, ...types].join(' '), types, isPage })?.refresh === true;
}
