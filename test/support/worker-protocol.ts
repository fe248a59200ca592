/** What a worker and its test say to each other. */
export type WorkerSettings = {
  baseURL: string;
  oauthHost: string;
  store:
    | { kind: 'environment' }
    | { kind: 'file'; path: string }
    | { kind: 'keychain'; slot: string }
    | { kind: 'kimi-code'; home: string }
    | { kind: 'redis'; url: string; key: string; encryptionKey: string };
  /**
   * Hosts build a provider twice (docs/decisions.md#22-single-flight): requests take turns on so many, each with a
   * store object of its own. Default 1.
   */
  providers?: number;
  /**
   * How often a request is made again whose error says that it may be, as the AI SDK does (its default is 2). Default
   * 0.
   */
  retries?: number;
  /** It ends when its input does and nothing is left to do; default: at once. */
  endsByItself?: boolean;
  /**
   * Steps at which it waits for `resume`, each once. Of the store only with a store of its own, not with `environment`.
   */
  pauseAt?: readonly WorkerStep[];
};

/**
 * `ready`: loaded. `before-lock`: the token is due, the lock not taken. `locked`: before the store is read again.
 * `read`: after that. `sending`: the lock was checked for the last time, the request is not on its way. `answered`: the
 * new token is here. `saving`: the lock was checked for the last time. `saved`: still locked.
 */
export type WorkerStep = 'ready' | 'before-lock' | 'locked' | 'read' | 'sending' | 'answered' | 'saving' | 'saved';

/** `ask`: so many requests at once. */
export type WorkerCommand = { ask: number } | { resume: true } | { exhaustDescriptors: boolean };

export type WorkerAnswer = { text: string } | { error: string; message: string; reason?: string };

export type WorkerReport = { step: WorkerStep } | { answers: WorkerAnswer[] };
