/**
 * Every string that must match the vendor, in one place, each with where it is known from: `@moonshot-ai/kimi-code`
 * 2.1.0 (npm, Sept 2026) and kimi-cli 1.49.0 (2026-07-16). Checked 2026-11-21.
 */

/** The two regions of both services (docs/wire.md#hosts-and-regions). */
export type KimiRegion = 'mainland-cn' | 'global';

/** `coding`: the Kimi Code subscription. `platform`: the pay-per-token Moonshot open platform. */
export type KimiService = 'coding' | 'platform';

/** OAuth hosts per region (docs/wire.md#hosts-and-regions). */
export const OAUTH_HOSTS: Readonly<Record<KimiRegion, string>> = {
  'mainland-cn': 'https://auth.kimi.com',
  global: 'https://auth.kimi.ai',
};

/** OpenAI-style API bases per service and region (docs/wire.md#hosts-and-regions). */
export const API_BASE_URLS: Readonly<Record<KimiService, Readonly<Record<KimiRegion, string>>>> = {
  coding: {
    'mainland-cn': 'https://api.kimi.com/coding/v1',
    global: 'https://api.kimi.ai/coding/v1',
  },
  platform: {
    'mainland-cn': 'https://api.moonshot.cn/v1',
    global: 'https://api.moonshot.ai/v1',
  },
};

/** Consoles where keys are made, named in error messages (docs/wire.md#keys-belong-to-hosts). */
export const KEY_CONSOLE_URLS: Readonly<Record<KimiService, Readonly<Record<KimiRegion, string>>>> = {
  coding: {
    'mainland-cn': 'https://www.kimi.com/code/console',
    global: 'https://www.kimi.ai/code/console',
  },
  platform: {
    'mainland-cn': 'https://platform.kimi.com',
    global: 'https://platform.kimi.ai',
  },
};

/** The region that counts when none is set: docs/decisions.md#7-settings-to-urls. */
export const DEFAULT_REGIONS: Readonly<Record<KimiService, KimiRegion>> = {
  coding: 'mainland-cn',
  platform: 'global',
};

/** Public OAuth client of both official clients and both regions (docs/wire.md#oauth-client-id). */
export const OAUTH_CLIENT_ID = '17e5f671-d194-4dfb-9706-5516cb48c098';

/** What the official client says of itself on the Anthropic wire (docs/wire.md#anthropic-headers). */
export const ANTHROPIC_VERSION = '2023-06-01';
export const KEEPS_THINKING_BETA = 'context-management-2025-06-27';
export const KEEPS_THINKING_EDIT = 'clear_thinking_20251015';

/** OAuth paths below the OAuth host (docs/wire.md#device-authorization). */
export const DEVICE_AUTHORIZATION_PATH = '/api/oauth/device_authorization';
export const TOKEN_PATH = '/api/oauth/token';

/** Identity of the official Python client (docs/wire.md#identity-headers). */
export const KIMI_CLI = {
  userAgentProduct: 'KimiCLI',
  platform: 'kimi_cli',
  version: '1.49.0',
} as const;

/** Identity of the official TypeScript client (docs/wire.md#identity-headers). */
export const KIMI_CODE = {
  userAgentProduct: 'kimi-code-cli',
  platform: 'kimi_code_cli',
  version: '2.1.0',
} as const;

/** Header names in the official clients' case and order (docs/wire.md#identity-headers). */
export const IDENTITY_HEADERS = {
  userAgent: 'User-Agent',
  platform: 'X-Msh-Platform',
  version: 'X-Msh-Version',
  deviceName: 'X-Msh-Device-Name',
  deviceModel: 'X-Msh-Device-Model',
  osVersion: 'X-Msh-Os-Version',
  deviceId: 'X-Msh-Device-Id',
} as const;

/** Carries the server's trace id on success and on error (docs/wire.md#trace-id). */
export const TRACE_ID_HEADER = 'x-trace-id';

/** The same of the platform's search and fetch (docs/wire.md#web-search-of-the-platform). */
export const TRACK_ID_HEADER = 'x-msh-track-id';

/** The model's id of the tool call that a search or a page is for (docs/wire.md#web-search). */
export const TOOL_CALL_ID_HEADER = 'X-Msh-Tool-Call-Id';
