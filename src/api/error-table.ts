/**
 * What a refusal of the API can be about. One table, so over 300 lines: each row is a case, and their order decides.
 */
import type { KimiAPIErrorCode } from '../errors/kimi-api-error';
import type { ErrorReason } from './error-advice';

/** One case of {@link KIMI_ERROR_TABLE}. */
export type ErrorRow = {
  code: KimiAPIErrorCode;
  reason: ErrorReason;
  /** Whether the same request may succeed if it is sent again. Default `false`. */
  retryable?: true;
  /** Statuses that types and texts count for; any when absent. An error without a status passes. */
  status?: readonly number[];
  types?: RegExp;
  /** The server's own texts. A page is never one. */
  texts?: readonly RegExp[];
  /** Statuses that are enough by themselves. */
  always?: readonly number[];
  /**
   * Whether a login's 401 may be cured by a new access token. Every other 401 is about something else. Default `false`.
   */
  refresh?: true;
  /** Only where the body is a page. */
  page?: true;
  /** An error in the middle of an answer is enough by itself. */
  inAnswer?: true;
  /** Where the row is known from. */
  source: string;
};

const BODY = [400, 413, 422];
const SERVER = Array.from({ length: 100 }, (_, index) => 500 + index);

/**
 * What a refusal of the API is about: first match wins. Kimi uses one status and one type for several cases
 * (`access_terminated_error` is the identity gate and the used-up quota, 429 is load, limit and balance, 401 is token
 * and plan; docs/wire.md#one-status-for-several-cases), so the texts decide and the statuses narrow them down. What to
 * do about each is in error-advice.ts.
 */
export const KIMI_ERROR_TABLE: readonly ErrorRow[] = [
  {
    code: 'KIMI_RATE_LIMITED',
    reason: 'concurrency',
    retryable: true,
    texts: [/concurrent request limit|organization concurrency|too many concurrent|concurrency limit/i],
    source: 'docs/wire.md#error-concurrency',
  },
  {
    code: 'KIMI_PAGE_UNREADABLE',
    reason: 'page-empty',
    status: [404],
    types: /^markdown_not_found$/,
    texts: [/no text\/markdown content/i],
    source: 'docs/wire.md#error-page',
  },
  {
    code: 'KIMI_PAGE_UNREADABLE',
    reason: 'page-refused',
    status: [403],
    types: /^security_risk$/,
    texts: [/url poses a security risk/i],
    source: 'docs/wire.md#error-page',
  },
  {
    code: 'KIMI_IDENTITY_REFUSED',
    reason: 'identity-gate',
    texts: [/available for coding agents|coding agents such as/i],
    source: 'docs/wire.md#identity-gate',
  },
  {
    code: 'KIMI_BALANCE_EXHAUSTED',
    reason: 'balance',
    types: /exceeded_current_quota_error|insufficient_(balance|quota|credits?)/i,
    texts: [
      /insufficient (account )?(balance|credits)|exceeded your current (token )?quota|check your account balance/i,
      /recharge your account|please recharge|account (is )?in arrears|suspended.*(billing|balance|plan)/i,
    ],
    source: 'docs/wire.md#error-balance',
  },
  {
    code: 'KIMI_QUOTA_EXHAUSTED',
    reason: '5-hour',
    texts: [/5[- ]?h(ou)?r.*(usage limit|quota)/i],
    source: 'docs/wire.md#error-quota',
  },
  {
    code: 'KIMI_QUOTA_EXHAUSTED',
    reason: 'weekly',
    texts: [/(weekly|7[- ]?day).*(usage limit|quota)/i],
    source: 'docs/wire.md#error-quota',
  },
  {
    code: 'KIMI_QUOTA_EXHAUSTED',
    reason: 'monthly',
    texts: [/monthly.*(usage limit|quota)/i],
    source: 'docs/wire.md#error-quota',
  },
  {
    code: 'KIMI_QUOTA_EXHAUSTED',
    reason: 'billing-cycle',
    texts: [/(usage limit|quota).*billing cycle/i],
    source: 'docs/wire.md#error-quota',
  },
  {
    code: 'KIMI_QUOTA_EXHAUSTED',
    reason: 'period',
    types: /usage_limit_reached|quota_exhausted/i,
    texts: [
      /reached your usage limit|usage limit (reached|exceeded)|quota (will be|is) (reset|refreshed)|quota.*exhausted/i,
    ],
    source: 'docs/wire.md#error-quota',
  },
  {
    code: 'KIMI_MEMBERSHIP_REQUIRED',
    reason: 'membership',
    status: [400, 401, 402, 403, 429],
    always: [402],
    texts: [
      /membership|(no|without|requires?) (an? )?(active )?(plan|subscription)\b|subscription (has )?(expired|required)/i,
    ],
    source: 'docs/wire.md#error-membership',
  },
  {
    code: 'KIMI_HIGH_SPEED_UNAVAILABLE',
    reason: 'high-speed',
    status: [400, 401, 403, 404],
    texts: [/high[\s_-]?speed/i],
    source: 'docs/wire.md#error-high-speed',
  },
  {
    code: 'KIMI_CONTENT_FILTERED',
    reason: 'content-filter',
    types: /content_filter/i,
    texts: [/considered high risk|content[_ ](filter|moderation|policy)|sensitive content|risk control/i],
    source: 'docs/wire.md#error-content-filter',
  },
  {
    code: 'KIMI_REASONING_MISSING',
    reason: 'reasoning-content',
    status: BODY,
    texts: [/reasoning_content (is|must)|thinking is (enabled|allowed) but/i],
    source: 'docs/wire.md#reasoning-content',
  },
  {
    code: 'KIMI_CONTEXT_TOO_LONG',
    reason: 'plan-context',
    status: [401, 403],
    texts: [/\bcontext\b|token limit|too many tokens|max_(completion_)?tokens/i],
    source: 'docs/wire.md#error-plan-context; docs/decisions.md#19-what-a-401-is-about',
  },
  {
    code: 'KIMI_CONTEXT_TOO_LONG',
    reason: 'context',
    status: BODY,
    types: /context_length_exceeded|context_window/i,
    texts: [
      /context[ _-]?length|context[ _-]?window.*exceed|exceed.*context[ _-]?window|maximum context|too many tokens|prompt is too long/i,
      /exceed(ed|s|ing)?\s+(the\s+)?max(imum)?\s+tokens?|input token (count|length)|exceed(ed|s|ing)?.*model token limit/i,
    ],
    source: 'docs/wire.md#error-context',
  },
  {
    code: 'KIMI_REQUEST_TOO_LARGE',
    reason: 'message-size',
    status: BODY,
    texts: [/total message size|message size.*exceeds? limit/i],
    source: 'docs/wire.md#message-size',
  },
  {
    code: 'KIMI_SCHEMA_REFUSED',
    reason: 'schema-size',
    status: BODY,
    texts: [/schema.*(exceeds?|maximum|too (large|big|long))/i],
    source: 'docs/wire.md#schema-size',
  },
  {
    code: 'KIMI_SCHEMA_REFUSED',
    reason: 'tool-name',
    status: BODY,
    texts: [/(function|tool)[ _]?name.*(duplicated?|invalid|must)|(duplicated?|invalid) (function|tool)[ _]?name/i],
    source: 'docs/wire.md#tool-names, #duplicate-tool-names',
  },
  {
    code: 'KIMI_SCHEMA_REFUSED',
    reason: 'schema',
    status: BODY,
    texts: [
      /\bschema\b|\$defs|\$ref|references must start|at path ['"`]|moonshot flavored|function\.parameters|\btools?\.\d+\./i,
      /\b(anyof|oneof|allof|enum|prefixitems)\b.*(type|must|not)/i,
    ],
    source: 'docs/wire.md#moonshot-flavored-schemas',
  },
  {
    code: 'KIMI_MEDIA_REFUSED',
    reason: 'file-gone',
    status: [...BODY, 404, 410],
    texts: [
      /\b(file|image|video|media)s?\b[^.]*\b(not found|not exists?|do(es)? not exist|expired|deleted|no longer)\b/i,
      /not found (the )?(file|image|video)|no such file/i,
    ],
    source: 'docs/wire.md#files-of-an-account, #error-media',
  },
  {
    code: 'KIMI_MEDIA_REFUSED',
    reason: 'media',
    status: [...BODY, 415],
    texts: [
      /\b(unsupported|invalid|not support(ed)?|could not|cannot|failed to|unable to)\b.*\b(image|video|audio|media|file|content type)s?\b/i,
      /\b(image|video|audio|media|file)s?\b[^.]*\b(unsupported|not supported|invalid|too (large|small)|exceeds|corrupt)\b/i,
      /\b(image|video|audio|media|file)s?\b[^.]*\b(is zero|not found|expired)\b/i,
      /(media|mime)_?type.*(image|video)|does not represent a valid image/i,
    ],
    source: 'docs/wire.md#error-media',
  },
  {
    code: 'KIMI_REQUEST_INVALID',
    reason: 'setting',
    status: BODY,
    texts: [
      /invalid (temperature|top_p|top_k|n\b|presence_penalty|frequency_penalty|thinking|reasoning|tool_choice|stop\b|max_)/i,
      /is allowed for this model|only type=enabled|(reasoning|thinking)[_ .-]?effort|(unsupported|invalid).*effort|tool_choice/i,
    ],
    source: 'docs/wire.md#error-settings',
  },
  {
    code: 'KIMI_REQUEST_INVALID',
    reason: 'messages',
    status: BODY,
    texts: [
      /must not be empty|tool_calls?\b.*(must|did not|not found)|tool_call_ids?|\brole ['"`]?\w+|roles must alternate|unsupported role/i,
      /text content blocks?|must be a response to|insufficient tool messages|messages? (at|in) (position|index)/i,
    ],
    source: 'docs/wire.md#error-messages',
  },
  {
    code: 'KIMI_MODEL_UNAVAILABLE',
    reason: 'model-not-found',
    status: [400, 404],
    types: /model_not_found/i,
    texts: [/not found the model|(?<![a-z])models?(?![a-z]).*(not found|not exist|permission)|permission denied/i],
    source: 'docs/wire.md#error-model',
  },
  {
    code: 'KIMI_MODEL_UNAVAILABLE',
    reason: 'model-not-entitled',
    status: [401, 403],
    types: /model_not_found/i,
    texts: [/(?<![a-z])models?(?![a-z])/i],
    source: 'docs/wire.md#error-model-401; docs/decisions.md#19-what-a-401-is-about',
  },
  {
    code: 'KIMI_MEMBERSHIP_REQUIRED',
    reason: 'plan',
    status: [401, 403],
    texts: [/(?<![a-z])(members?|subscriptions?|subscribe|benefits?|upgrade|entitle(d|ments?)|plans?)(?![a-z])/i],
    source: 'docs/wire.md#401-without-a-token-error; docs/decisions.md#19-what-a-401-is-about',
  },
  {
    code: 'KIMI_PERMISSION_DENIED',
    reason: 'access-ended',
    status: [401, 403],
    texts: [/access (has been |was |is )?terminated|account (has been |is )?(suspended|banned|disabled|deactivated)/i],
    source: 'docs/wire.md#error-access-ended',
  },
  {
    code: 'KIMI_NOT_AUTHENTICATED',
    reason: 'credential-refused',
    status: [400, 403],
    always: [401],
    refresh: true,
    types: /invalid_authentication_error|incorrect_api_key_error|^authentication_error$|invalid_api_key/i,
    texts: [/api key appears to be invalid|invalid authentication|incorrect api key|invalid api key/i],
    source: 'docs/wire.md#error-credential, #keys-belong-to-hosts',
  },
  {
    code: 'KIMI_OVERLOADED',
    reason: 'overloaded',
    retryable: true,
    always: [529],
    types: /engine_overloaded|overloaded_error/i,
    texts: [/overload|at capacity/i],
    source: 'docs/wire.md#error-overloaded',
  },
  {
    code: 'KIMI_RATE_LIMITED',
    reason: 'rate-limit',
    retryable: true,
    always: [429],
    types: /rate_limit/i,
    texts: [/rate[ _-]?limit|too many requests|\bmax (rpm|tpm|tpd)\b|requests? per (minute|day)/i],
    source: 'docs/wire.md#error-rate-limit',
  },
  {
    code: 'KIMI_REQUEST_TOO_LARGE',
    reason: 'body-size',
    always: [413],
    source: 'docs/wire.md#error-body-size',
  },
  {
    code: 'KIMI_PERMISSION_DENIED',
    reason: 'blocked',
    always: [403, 451],
    page: true,
    source: 'plain HTTP sense: a firewall, not the API',
  },
  {
    code: 'KIMI_PERMISSION_DENIED',
    reason: 'permission',
    always: [403, 451],
    source: 'docs/wire.md#error-permission',
  },
  {
    code: 'KIMI_NOT_FOUND',
    reason: 'url',
    always: [404, 405],
    source: 'docs/wire.md#error-url; plain HTTP sense',
  },
  {
    code: 'KIMI_SERVER_ERROR',
    reason: 'timeout',
    retryable: true,
    always: [408, 504, 524],
    source: 'docs/wire.md#client-retries',
  },
  {
    code: 'KIMI_SERVER_ERROR',
    reason: 'server-error',
    retryable: true,
    always: [409, 425, ...SERVER],
    inAnswer: true,
    source: 'docs/wire.md#error-server, #client-retries, #errors-inside-an-answer',
  },
  {
    code: 'KIMI_REQUEST_INVALID',
    reason: 'request',
    always: [400, 406, 411, 414, 415, 416, 417, 422, 428, 431],
    source: 'docs/wire.md#error-request',
  },
];
