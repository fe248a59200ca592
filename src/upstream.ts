/**
 * Every string that must match the vendor, in one place, each with where it is known from.
 * "wire.md" is the contract read from the official clients: B = `@moonshot-ai/kimi-code` 2.1.0 (npm, Sept 2026),
 * P = kimi-cli 1.49.0 (2026-07-16). Checked 2026-11-21.
 */

/** The two regions of both services (wire.md, constant table; B:61267-61273). */
export type KimiRegion = 'mainland-cn' | 'global';

/** `coding`: the Kimi Code subscription. `platform`: the pay-per-token Moonshot open platform. */
export type KimiService = 'coding' | 'platform';

/** OAuth hosts per region (B:61267-61273). */
export const OAUTH_HOSTS: Readonly<Record<KimiRegion, string>> = {
  'mainland-cn': 'https://auth.kimi.com',
  global: 'https://auth.kimi.ai',
};

/** OpenAI-style API bases per service and region (B:61437-61438, 62511-62640). */
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

/** Consoles where keys are made, named in error messages (wire.md 11). */
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

/** The region that counts when none is set: decisions.md 7. */
export const DEFAULT_REGIONS: Readonly<Record<KimiService, KimiRegion>> = {
  coding: 'mainland-cn',
  platform: 'global',
};

/** Public OAuth client of both official clients and both regions (wire.md, constant table). */
export const OAUTH_CLIENT_ID = '17e5f671-d194-4dfb-9706-5516cb48c098';

/** OAuth paths below the OAuth host (B:59401-59447). */
export const DEVICE_AUTHORIZATION_PATH = '/api/oauth/device_authorization';
export const TOKEN_PATH = '/api/oauth/token';

/** Identity of the official Python client (P constant.py, auth/oauth.py:194-261). */
export const KIMI_CLI = {
  userAgentProduct: 'KimiCLI',
  platform: 'kimi_cli',
  version: '1.49.0',
} as const;

/** Identity of the official TypeScript client (B:61162-61182, 61254). */
export const KIMI_CODE = {
  userAgentProduct: 'kimi-code-cli',
  platform: 'kimi_code_cli',
  version: '2.1.0',
} as const;

/** Header names in the official clients' case and order (wire.md 1.1; clients.md 2). */
export const IDENTITY_HEADERS = {
  userAgent: 'User-Agent',
  platform: 'X-Msh-Platform',
  version: 'X-Msh-Version',
  deviceName: 'X-Msh-Device-Name',
  deviceModel: 'X-Msh-Device-Model',
  osVersion: 'X-Msh-Os-Version',
  deviceId: 'X-Msh-Device-Id',
} as const;

/** Carries the server's trace id on success and on error (wire.md 7). */
export const TRACE_ID_HEADER = 'x-trace-id';
