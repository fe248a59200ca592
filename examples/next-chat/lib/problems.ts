/** The one error that the page answers with a link, in words that both sides know. */
export const SIGN_IN_FIRST = 'You are not signed in to Kimi, or no longer. Sign in, then try again.';

/** For what never came from the server of the page. */
export const NO_ANSWER = 'The server of this page does not answer. Check the connection, then try again.';
