/**
 * What of opencode's plugin interface is used here, as its 1.14.34 to 1.18.34 have it (docs/wire.md#opencode-plugins).
 * Written down instead of imported: a plugin that imports `@opencode-ai/plugin` at run time depends on the version that
 * happens to be installed.
 */

/** A model of a provider, in opencode's configuration. */
export type OpencodeModelConfig = {
  name?: string;
  attachment?: boolean;
  reasoning?: boolean;
  temperature?: boolean;
  tool_call?: boolean;
  modalities?: { input: string[]; output: string[] };
  limit?: { context: number; output: number };
  /** US dollars per million tokens. */
  cost?: { input: number; output: number; cache_read?: number };
  /** Options by name; the first is also the one that titles are made with. */
  variants?: Record<string, Record<string, unknown>>;
};

export type OpencodeProviderConfig = {
  name?: string;
  npm?: string;
  options?: Record<string, unknown>;
  models?: Record<string, OpencodeModelConfig>;
};

export type OpencodeConfig = { provider?: Record<string, OpencodeProviderConfig> };

type Prompt = { key: string; message: string } & (
  | { type: 'text'; placeholder?: string }
  | { type: 'select'; options: Array<{ label: string; value: string; hint?: string }> }
);

export type OpencodeAuthMethod =
  | {
      type: 'oauth';
      label: string;
      prompts?: Prompt[];
      authorize(inputs?: Record<string, string>): Promise<{
        url: string;
        instructions: string;
        method: 'auto';
        callback(): Promise<OpencodeAuthResult>;
      }>;
    }
  | { type: 'api'; label: string; prompts?: Prompt[] };

/** What opencode saves. */
export type OpencodeAuthResult =
  | { type: 'success'; refresh: string; access: string; expires: number; enterpriseUrl?: string }
  | { type: 'success'; key: string };

type ChatInput = { sessionID: string; model: { providerID: string } };

export type OpencodeHooks = {
  config(config: OpencodeConfig): Promise<void>;
  auth: { provider: string; methods: OpencodeAuthMethod[] };
  'chat.params'(input: ChatInput, output: { options: Record<string, unknown> }): Promise<void>;
  'chat.headers'(input: ChatInput, output: { headers: Record<string, string> }): Promise<void>;
};

/** Every part may be missing in another version. */
export type OpencodeClient = {
  app?: { log?(request: { body: { service: string; level: 'warn'; message: string } }): Promise<unknown> };
  tui?: { showToast?(request: { body: { title: string; message: string; variant: 'warning' } }): Promise<unknown> };
};

/** The terminal interface; what it draws is opencode's own affair. */
export type OpencodeTui = {
  keymap?: {
    registerLayer?(layer: {
      commands: Array<{
        namespace: 'palette';
        name: string;
        title: string;
        desc: string;
        category: string;
        slashName: string;
        run(): void;
      }>;
      bindings: [];
    }): unknown;
  };
  command?: {
    register?(
      list: () => Array<{
        title: string;
        value: string;
        description: string;
        category: string;
        slash: { name: string };
        onSelect(): void;
      }>,
    ): unknown;
  };
  ui: {
    dialog: { replace(render: () => unknown): void };
    DialogAlert(properties: { title: string; message: string }): unknown;
  };
  state?: { provider?: ReadonlyArray<{ id: string }> };
};
