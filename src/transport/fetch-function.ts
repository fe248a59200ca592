/** The part of `fetch` that this package uses and that a user's own `fetch` must provide. */
export type FetchFunction = typeof globalThis.fetch;
