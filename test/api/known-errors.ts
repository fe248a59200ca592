import type { KimiAPIErrorCode } from '../../src/errors/kimi-api-error';

/** One refusal as it was seen: status, type, text; what it is; where it was seen. */
export type KnownError = {
  status: number;
  type?: string;
  text: string;
  code: KimiAPIErrorCode;
  reason: string;
  retryable?: true;
  seen: string;
};

/**
 * Every error text of docs/wire.md, section Errors: the vendor's error pages and public issues
 * (docs/decisions.md#50-known-error-texts).
 */
export const KNOWN_ERRORS: readonly KnownError[] = [
  // Access and identity
  {
    status: 403,
    type: 'access_terminated_error',
    text:
      'Kimi For Coding is currently only available for Coding Agents such as Kimi CLI, Claude Code, Roo Code, ' +
      'Kilo Code, etc.',
    code: 'KIMI_IDENTITY_REFUSED',
    reason: 'identity-gate',
    seen: 'docs/wire.md#identity-gate',
  },
  {
    status: 401,
    type: 'invalid_authentication_error',
    text: 'The API Key appears to be invalid or may have expired. Please verify your credentials and try again.',
    code: 'KIMI_NOT_AUTHENTICATED',
    reason: 'credential-refused',
    seen: 'docs/wire.md#error-credential',
  },
  {
    status: 401,
    type: 'invalid_request_error',
    text: 'The API Key appears to be invalid or may have expired',
    code: 'KIMI_NOT_AUTHENTICATED',
    reason: 'credential-refused',
    seen: 'docs/wire.md#error-credential',
  },
  {
    status: 401,
    type: 'authentication_error',
    text: 'Invalid Authentication',
    code: 'KIMI_NOT_AUTHENTICATED',
    reason: 'credential-refused',
    seen: 'docs/wire.md#error-credential, Anthropic wire',
  },
  {
    status: 401,
    type: 'incorrect_api_key_error',
    text: 'Incorrect API key provided',
    code: 'KIMI_NOT_AUTHENTICATED',
    reason: 'credential-refused',
    seen: 'docs/wire.md#error-credential',
  },
  {
    status: 401,
    text: '',
    code: 'KIMI_NOT_AUTHENTICATED',
    reason: 'credential-refused',
    seen: 'docs/decisions.md#19-what-a-401-is-about',
  },
  {
    status: 402,
    text: "We're unable to verify your membership benefits at this time. Please ensure your membership is active.",
    code: 'KIMI_MEMBERSHIP_REQUIRED',
    reason: 'membership',
    seen: 'docs/wire.md#error-membership',
  },
  {
    status: 402,
    text: 'Payment Required',
    code: 'KIMI_MEMBERSHIP_REQUIRED',
    reason: 'membership',
    seen: 'docs/wire.md#error-membership',
  },
  {
    status: 401,
    text: 'unable to verify your membership benefits',
    code: 'KIMI_MEMBERSHIP_REQUIRED',
    reason: 'membership',
    seen: 'docs/wire.md#401-without-a-token-error',
  },
  {
    status: 401,
    text: 'High-speed access is not included in your plan',
    code: 'KIMI_HIGH_SPEED_UNAVAILABLE',
    reason: 'high-speed',
    seen: 'docs/wire.md#error-high-speed',
  },
  {
    status: 403,
    text: 'Your subscription does not have access to kimi-for-coding-highspeed',
    code: 'KIMI_HIGH_SPEED_UNAVAILABLE',
    reason: 'high-speed',
    seen: 'docs/wire.md#error-high-speed',
  },
  {
    status: 403,
    text: 'Access terminated',
    code: 'KIMI_PERMISSION_DENIED',
    reason: 'access-ended',
    seen: 'docs/wire.md#error-access-ended',
  },
  {
    status: 403,
    type: 'permission_denied_error',
    text: 'The API you are accessing is not open',
    code: 'KIMI_PERMISSION_DENIED',
    reason: 'permission',
    seen: 'docs/wire.md#error-permission',
  },
  {
    status: 403,
    type: 'permission_denied_error',
    text: 'You are not allowed to get other user info',
    code: 'KIMI_PERMISSION_DENIED',
    reason: 'permission',
    seen: 'docs/wire.md#error-permission',
  },
  // Models
  {
    status: 404,
    type: 'resource_not_found_error',
    text: 'Not found the model kimi-for-coding or Permission denied',
    code: 'KIMI_MODEL_UNAVAILABLE',
    reason: 'model-not-found',
    seen: 'docs/wire.md#error-model',
  },
  {
    status: 401,
    type: 'invalid_request_error',
    text: 'The model id k3[1m] does not exist',
    code: 'KIMI_MODEL_UNAVAILABLE',
    reason: 'model-not-entitled',
    seen: 'docs/wire.md#error-model-401',
  },
  { status: 404, text: 'method not found', code: 'KIMI_NOT_FOUND', reason: 'url', seen: 'docs/wire.md#error-url' },
  // Quota and balance
  {
    status: 403,
    type: 'access_terminated_error',
    text:
      "You've reached your usage limit for this billing cycle. Your quota will be refreshed in the next cycle. " +
      'Upgrade to get more: https://www.kimi.com/code/console?from=quota-upgrade',
    code: 'KIMI_QUOTA_EXHAUSTED',
    reason: 'billing-cycle',
    seen: 'docs/wire.md#error-quota',
  },
  {
    status: 403,
    type: 'permission_error',
    text:
      "You've reached your usage limit for this billing cycle. To continue now, purchase extra usage or upgrade " +
      'your plan: https://www.kimi.com/code/#pricing',
    code: 'KIMI_QUOTA_EXHAUSTED',
    reason: 'billing-cycle',
    seen: 'docs/wire.md#error-quota, Anthropic wire',
  },
  {
    status: 403,
    type: 'access_terminated_error',
    text: "You've reached your weekly (7-day) usage limit. Your quota will reset when the current 7-day window ends.",
    code: 'KIMI_QUOTA_EXHAUSTED',
    reason: 'weekly',
    seen: 'docs/wire.md#error-quota',
  },
  {
    status: 403,
    type: 'access_terminated_error',
    text:
      "You've reached your 5-hour usage limit. Your quota will reset when the current 5-hour window ends. To " +
      'continue now, purchase extra usage or upgrade your plan: ' +
      'https://www.kimi.com/membership/subscription?tab=quota',
    code: 'KIMI_QUOTA_EXHAUSTED',
    reason: '5-hour',
    seen: 'docs/wire.md#error-quota',
  },
  {
    status: 403,
    text: "You've reached your monthly usage limit for this billing cycle.",
    code: 'KIMI_QUOTA_EXHAUSTED',
    reason: 'monthly',
    seen: 'docs/wire.md#error-quota',
  },
  {
    status: 429,
    text: "You've reached kimi monthly usage limit",
    code: 'KIMI_QUOTA_EXHAUSTED',
    reason: 'monthly',
    seen: 'docs/wire.md#error-quota',
  },
  {
    status: 429,
    type: 'rate_limit_error',
    text: "You've reached your usage limit for this period",
    code: 'KIMI_QUOTA_EXHAUSTED',
    reason: 'period',
    seen: 'docs/wire.md#error-quota',
  },
  {
    status: 429,
    type: 'exceeded_current_quota_error',
    text:
      'Your account org-1234<ak-abcd> is suspended due to insufficient balance, please recharge your account or ' +
      'check your plan and billing details',
    code: 'KIMI_BALANCE_EXHAUSTED',
    reason: 'balance',
    seen: 'docs/wire.md#error-balance',
  },
  {
    status: 429,
    type: 'exceeded_current_quota_error',
    text: 'You exceeded your current token quota: 0, please check your account balance',
    code: 'KIMI_BALANCE_EXHAUSTED',
    reason: 'balance',
    seen: 'docs/wire.md#error-balance',
  },
  {
    status: 429,
    type: 'exceeded_current_quota_error',
    text: '',
    code: 'KIMI_BALANCE_EXHAUSTED',
    reason: 'balance',
    seen: 'docs/wire.md#error-balance',
  },
  {
    status: 429,
    text: 'Your account is in arrears',
    code: 'KIMI_BALANCE_EXHAUSTED',
    reason: 'balance',
    seen: 'docs/wire.md#error-balance',
  },
  // Load and limits
  {
    status: 429,
    type: 'rate_limit_reached_error',
    text: "We're receiving too many requests at the moment. Please wait a moment and try again.",
    code: 'KIMI_RATE_LIMITED',
    reason: 'rate-limit',
    retryable: true,
    seen: 'docs/wire.md#error-rate-limit',
  },
  {
    status: 429,
    type: 'rate_limit_reached_error',
    text: 'Your account org-1234<ak-abcd> request reached organization max RPM: 3, please try again after 1 seconds',
    code: 'KIMI_RATE_LIMITED',
    reason: 'rate-limit',
    retryable: true,
    seen: 'docs/wire.md#error-rate-limit',
  },
  {
    status: 429,
    type: 'rate_limit_reached_error',
    text: 'Your account request reached max organization concurrency: 1, please try again after 1 seconds',
    code: 'KIMI_RATE_LIMITED',
    reason: 'concurrency',
    retryable: true,
    seen: 'docs/wire.md#error-concurrency',
  },
  {
    status: 403,
    type: 'access_terminated_error',
    text:
      "You've reached your concurrent request limit. Please wait for your ongoing requests to finish and try " +
      'again.',
    code: 'KIMI_RATE_LIMITED',
    reason: 'concurrency',
    retryable: true,
    seen: 'docs/wire.md#error-concurrency',
  },
  {
    status: 429,
    text: '',
    code: 'KIMI_RATE_LIMITED',
    reason: 'rate-limit',
    retryable: true,
    seen: 'docs/wire.md#error-rate-limit',
  },
  {
    status: 429,
    type: 'engine_overloaded_error',
    text: 'The engine is currently overloaded, please try again later',
    code: 'KIMI_OVERLOADED',
    reason: 'overloaded',
    retryable: true,
    seen: 'docs/wire.md#error-overloaded',
  },
  {
    status: 429,
    type: 'rate_limit_error',
    text: 'The engine is currently overloaded',
    code: 'KIMI_OVERLOADED',
    reason: 'overloaded',
    retryable: true,
    seen: 'docs/wire.md#error-overloaded, Anthropic wire',
  },
  {
    status: 503,
    text: 'The model is overloaded',
    code: 'KIMI_OVERLOADED',
    reason: 'overloaded',
    retryable: true,
    seen: 'docs/wire.md#error-overloaded',
  },
  {
    status: 529,
    text: '',
    code: 'KIMI_OVERLOADED',
    reason: 'overloaded',
    retryable: true,
    seen: 'docs/wire.md#error-overloaded',
  },
  // Size
  {
    status: 400,
    type: 'invalid_request_error',
    text: 'Invalid request: Your request exceeded model token limit: 262144 (requested: 269500)',
    code: 'KIMI_CONTEXT_TOO_LONG',
    reason: 'context',
    seen: 'docs/wire.md#error-context',
  },
  {
    status: 400,
    type: 'invalid_request_error',
    text: 'Input token length too long',
    code: 'KIMI_CONTEXT_TOO_LONG',
    reason: 'context',
    seen: 'docs/wire.md#error-context',
  },
  {
    status: 401,
    text: 'The context exceeds what your plan allows',
    code: 'KIMI_CONTEXT_TOO_LONG',
    reason: 'plan-context',
    seen: 'docs/wire.md#error-plan-context',
  },
  {
    status: 400,
    text: 'total message size 2100954 exceeds limit 2097152',
    code: 'KIMI_REQUEST_TOO_LARGE',
    reason: 'message-size',
    seen: 'docs/wire.md#message-size',
  },
  {
    status: 413,
    text: 'request entity too large',
    code: 'KIMI_REQUEST_TOO_LARGE',
    reason: 'body-size',
    seen: 'docs/wire.md#error-body-size',
  },
  // Format
  {
    status: 400,
    type: 'content_filter',
    text: 'The request was rejected because it was considered high risk',
    code: 'KIMI_CONTENT_FILTERED',
    reason: 'content-filter',
    seen: 'docs/wire.md#error-content-filter',
  },
  {
    status: 400,
    text: 'thinking is enabled but reasoning_content is missing in assistant tool call message at index 2',
    code: 'KIMI_REASONING_MISSING',
    reason: 'reasoning-content',
    seen: 'docs/wire.md#reasoning-content',
  },
  {
    status: 400,
    text: 'thinking is allowed but reasoning_content is missing in assistant tool call message at index 500',
    code: 'KIMI_REASONING_MISSING',
    reason: 'reasoning-content',
    seen: 'docs/wire.md#reasoning-content',
  },
  {
    status: 400,
    text: 'Invalid request: function name read is duplicated',
    code: 'KIMI_SCHEMA_REFUSED',
    reason: 'tool-name',
    seen: 'docs/wire.md#duplicate-tool-names',
  },
  {
    status: 400,
    text:
      'Invalid request: function name is invalid, must start with a letter and can contain letters, numbers, ' +
      'underscores, and dashes',
    code: 'KIMI_SCHEMA_REFUSED',
    reason: 'tool-name',
    seen: 'docs/wire.md#tool-names',
  },
  {
    status: 400,
    text:
      'Invalid request: tools.function.parameters is not a valid moonshot flavored json schema, details: <At ' +
      "path 'root': schema exceeds maximum allowed size>",
    code: 'KIMI_SCHEMA_REFUSED',
    reason: 'schema-size',
    seen: 'docs/wire.md#schema-size',
  },
  {
    status: 400,
    text:
      "tools.function.parameters is not a valid moonshot flavored json schema, details: <At path 'properties.a': " +
      'references must start with #/$defs/>',
    code: 'KIMI_SCHEMA_REFUSED',
    reason: 'schema',
    seen: 'docs/wire.md#schema-references',
  },
  {
    status: 400,
    text: 'when using anyOf, type should be defined in anyOf items instead of the parent schema',
    code: 'KIMI_SCHEMA_REFUSED',
    reason: 'schema',
    seen: 'docs/wire.md#schema-unions',
  },
  {
    status: 400,
    text: 'unsupported image url: https://example.com/a.png',
    code: 'KIMI_MEDIA_REFUSED',
    reason: 'media',
    seen: 'docs/wire.md#error-media',
  },
  {
    status: 400,
    text: 'Invalid request: unsupported image format: image/svg+xml',
    code: 'KIMI_MEDIA_REFUSED',
    reason: 'media',
    seen: 'docs/wire.md#error-media',
  },
  {
    status: 400,
    text: 'File size is zero, please confirm and re-upload the file',
    code: 'KIMI_MEDIA_REFUSED',
    reason: 'media',
    seen: 'docs/wire.md#error-media',
  },
  {
    status: 400,
    text: 'invalid temperature: only 1 is allowed for this model',
    code: 'KIMI_REQUEST_INVALID',
    reason: 'setting',
    seen: 'docs/wire.md#error-settings',
  },
  {
    status: 400,
    text: 'invalid thinking: only type=enabled is allowed for this model',
    code: 'KIMI_REQUEST_INVALID',
    reason: 'setting',
    seen: 'docs/wire.md#error-settings',
  },
  {
    status: 400,
    text: "tool_choice 'required' is incompatible with thinking enabled",
    code: 'KIMI_REQUEST_INVALID',
    reason: 'setting',
    seen: 'docs/wire.md#error-settings',
  },
  {
    status: 400,
    text: "the message at position 3 with role 'assistant' must not be empty",
    code: 'KIMI_REQUEST_INVALID',
    reason: 'messages',
    seen: 'docs/wire.md#empty-assistant-messages',
  },
  {
    status: 400,
    text: 'Invalid request: tool_call_id  is not found',
    code: 'KIMI_REQUEST_INVALID',
    reason: 'messages',
    seen: 'docs/wire.md#error-messages',
  },
  {
    status: 400,
    text: "an assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'",
    code: 'KIMI_REQUEST_INVALID',
    reason: 'messages',
    seen: 'docs/wire.md#error-messages',
  },
  {
    status: 400,
    type: 'invalid_request_error',
    text: 'Invalid request: something else',
    code: 'KIMI_REQUEST_INVALID',
    reason: 'request',
    seen: 'docs/wire.md#error-request',
  },
  // The server
  {
    status: 500,
    text: 'bot_id 12 value does not match id_kinds',
    code: 'KIMI_SERVER_ERROR',
    reason: 'server-error',
    retryable: true,
    seen: 'docs/wire.md#error-server',
  },
  {
    status: 500,
    type: 'server_error',
    text: 'Failed to extract file',
    code: 'KIMI_SERVER_ERROR',
    reason: 'server-error',
    retryable: true,
    seen: 'docs/wire.md#error-server',
  },
  {
    status: 502,
    text: '',
    code: 'KIMI_SERVER_ERROR',
    reason: 'server-error',
    retryable: true,
    seen: 'docs/wire.md#client-retries',
  },
  {
    status: 504,
    text: '',
    code: 'KIMI_SERVER_ERROR',
    reason: 'timeout',
    retryable: true,
    seen: 'docs/wire.md#client-retries',
  },
  {
    status: 408,
    text: '',
    code: 'KIMI_SERVER_ERROR',
    reason: 'timeout',
    retryable: true,
    seen: 'docs/wire.md#client-retries',
  },
  {
    status: 409,
    text: '',
    code: 'KIMI_SERVER_ERROR',
    reason: 'server-error',
    retryable: true,
    seen: 'docs/wire.md#client-retries',
  },
  { status: 418, text: 'teapot', code: 'KIMI_UNKNOWN', reason: 'unknown', seen: 'nowhere' },
];
