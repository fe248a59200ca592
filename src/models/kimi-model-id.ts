/** Ids known when this was released, and any other string the account's `/models` lists. */
export type KimiModelId =
  | 'kimi-for-coding'
  | 'kimi-for-coding-highspeed'
  | 'k3'
  | 'k3-256k'
  | 'kimi-k3'
  | 'kimi-k2.7-code'
  | 'kimi-k2.7-code-highspeed'
  | 'kimi-k2.6'
  | 'kimi-k2.5'
  | 'kimi-k2-thinking'
  | 'kimi-k2-turbo-preview'
  | (string & {});
