/** The model that Claude Code is to work with, and where it is served. */
export type ClaudeCodeModel = {
  /** As it goes on the wire. */
  slug: string;
  /** In tokens, prompt and answer together. */
  contextLength: number;
  /** With the version segment: `https://api.kimi.com/coding/v1`. */
  apiBaseURL: string;
};

/** Environment variables to set. None of them is a secret. */
export type Variables = Readonly<Record<string, string>>;

/** How often a request is tried again: Claude Code's own 10 take three minutes (docs/wire.md#claude-code-retries). */
const MAX_RETRIES = 5;

/** One for each name under which Claude Code asks for a model (docs/wire.md#claude-code-models). */
const MODEL_VARIABLES = [
  'ANTHROPIC_MODEL',
  'ANTHROPIC_DEFAULT_OPUS_MODEL',
  'ANTHROPIC_DEFAULT_SONNET_MODEL',
  'ANTHROPIC_DEFAULT_HAIKU_MODEL',
  'ANTHROPIC_DEFAULT_FABLE_MODEL',
  'ANTHROPIC_SMALL_FAST_MODEL',
  'CLAUDE_CODE_SUBAGENT_MODEL',
];

/**
 * Where requests go, for which model, and when the conversation is compacted
 * (docs/decisions.md#82-models-and-windows-in-claude-code). No settings file may say otherwise.
 */
export function routeVariables({ slug, contextLength, apiBaseURL }: ClaudeCodeModel): Variables {
  return {
    // It appends the version segment itself (docs/wire.md#claude-code-requests).
    ANTHROPIC_BASE_URL: `${apiBaseURL.replace(/\/v1$/, '')}/`,
    ...Object.fromEntries(MODEL_VARIABLES.map(name => [name, slug])),
    CLAUDE_CODE_MAX_CONTEXT_TOKENS: String(contextLength),
    CLAUDE_CODE_AUTO_COMPACT_WINDOW: String(contextLength),
  };
}

/** What works better with Kimi, where the user has not set it (docs/decisions.md#83-claude-codes-requests). */
const PREFERENCES: Variables = {
  // Prices of another vendor.
  DISABLE_COST_WARNINGS: '1',
  // Kimi refuses the blocks that it answers with (docs/wire.md#tool-references).
  ENABLE_TOOL_SEARCH: 'false',
  CLAUDE_CODE_MAX_RETRIES: String(MAX_RETRIES),
};

/** {@link PREFERENCES} that `environment` leaves open. */
export function preferredVariables(environment: Readonly<Record<string, string | undefined>>): Variables {
  return Object.fromEntries(Object.entries(PREFERENCES).filter(([name]) => !environment[name]));
}

/**
 * Variables that lead Claude Code to another vendor, account or model, or give a credential to it
 * (docs/wire.md#claude-code-credentials).
 */
const FOREIGN = [
  /^ANTHROPIC_/,
  /^CLAUDE_CODE_(?:USE_(?:BEDROCK|VERTEX|FOUNDRY|MANTLE|GATEWAY|ANTHROPIC)|OAUTH_|HOST_|CUSTOM_OAUTH_)/,
  /^CLAUDE_CODE_(?:API_KEY_FILE_DESCRIPTOR|API_BASE_URL|PROVIDER_MANAGED_BY_HOST|CLIENT_DATA_URL)$/,
  /^CLAUDE_CODE_(?:SUBAGENT_MODEL|MAX_CONTEXT_TOKENS|AUTO_COMPACT_WINDOW|API_KEY_HELPER_TTL_MS)$/,
  /^CLAUDE_CONFIG_DIR$/,
];

/** Whether a variable of this name has no place beside a Kimi account. */
export function isForeignVariable(name: string): boolean {
  return FOREIGN.some(pattern => pattern.test(name));
}
