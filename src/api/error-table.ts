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
 * and plan; wire.md 8.2, 14.12-13), so the texts decide and the statuses narrow them down. What to do about each is in
 * error-advice.ts.
 */
export const KIMI_ERROR_TABLE: readonly ErrorRow[] = [
  {
    code: 'KIMI_RATE_LIMITED',
    reason: 'concurrency',
    retryable: true,
    texts: [/concurrent request limit|organization concurrency|too many concurrent|concurrency limit/i],
    source: 'error-reference.html ("reached your concurrent request limit", 403); platform docs, errors; peers.md 2.23',
  },
  {
    code: 'KIMI_IDENTITY_REFUSED',
    reason: 'identity-gate',
    texts: [/available for coding agents|coding agents such as/i],
    source: 'wire.md 8.2 (403 access_terminated_error); peers.md 5.1 (kimi-code#636)',
  },
  {
    code: 'KIMI_BALANCE_EXHAUSTED',
    reason: 'balance',
    types: /exceeded_current_quota_error|insufficient_(balance|quota|credits?)/i,
    texts: [
      /insufficient (account )?(balance|credits)|exceeded your current (token )?quota|check your account balance/i,
      /recharge your account|please recharge|account (is )?in arrears|suspended.*(billing|balance|plan)/i,
    ],
    source: 'wire.md 8.1 (B:188953-189003); platform docs, errors; peers.md 5.6 (continue#11443)',
  },
  {
    code: 'KIMI_QUOTA_EXHAUSTED',
    reason: '5-hour',
    texts: [/5[- ]?h(ou)?r.*(usage limit|quota)/i],
    source: 'error-reference.html (403)',
  },
  {
    code: 'KIMI_QUOTA_EXHAUSTED',
    reason: 'weekly',
    texts: [/(weekly|7[- ]?day).*(usage limit|quota)/i],
    source: 'wire.md 8.2 (403)',
  },
  {
    code: 'KIMI_QUOTA_EXHAUSTED',
    reason: 'monthly',
    texts: [/monthly.*(usage limit|quota)/i],
    source: 'wire.md 8.2 (429), error-reference.html (403)',
  },
  {
    code: 'KIMI_QUOTA_EXHAUSTED',
    reason: 'billing-cycle',
    texts: [/(usage limit|quota).*billing cycle/i],
    source: 'wire.md 8.2, 14.12 (403 access_terminated_error, permission_error)',
  },
  {
    code: 'KIMI_QUOTA_EXHAUSTED',
    reason: 'period',
    types: /usage_limit_reached|quota_exhausted/i,
    texts: [
      /reached your usage limit|usage limit (reached|exceeded)|quota (will be|is) (reset|refreshed)|quota.*exhausted/i,
    ],
    source: 'wire.md 8.2, 14.13 (429)',
  },
  {
    code: 'KIMI_MEMBERSHIP_REQUIRED',
    reason: 'membership',
    status: [400, 401, 402, 403, 429],
    always: [402],
    texts: [
      /membership|(no|without|requires?) (an? )?(active )?(plan|subscription)\b|subscription (has )?(expired|required)/i,
    ],
    source: 'wire.md 8.1, 8.2 (402); peers.md 5.1 (kimi-code#2624)',
  },
  {
    code: 'KIMI_HIGH_SPEED_UNAVAILABLE',
    reason: 'high-speed',
    status: [400, 401, 403, 404],
    texts: [/high[\s_-]?speed/i],
    source: 'wire.md 8.2 (401 for a plan without high-speed access)',
  },
  {
    code: 'KIMI_CONTENT_FILTERED',
    reason: 'content-filter',
    types: /content_filter/i,
    texts: [/considered high risk|content[_ ](filter|moderation|policy)|sensitive content|risk control/i],
    source: 'wire.md 8.2 (400); platform docs, errors',
  },
  {
    code: 'KIMI_REASONING_MISSING',
    reason: 'reasoning-content',
    status: BODY,
    texts: [/reasoning_content (is|must)|thinking is (enabled|allowed) but/i],
    source: 'wire.md 8.2; peers.md 5.3; issue 4 ("thinking is allowed but reasoning_content is missing")',
  },
  {
    code: 'KIMI_CONTEXT_TOO_LONG',
    reason: 'plan-context',
    status: [401, 403],
    texts: [/\bcontext\b|token limit|too many tokens|max_(completion_)?tokens/i],
    source: 'peers.md 5.2 (kimi-code#2854: 401 above the context of the plan); decisions.md 19',
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
    source:
      'wire.md 8.1 (B:50781-50790), 8.2; platform docs ("Input token length too long"); peers.md 5.5 (kimi-cli#2011)',
  },
  {
    code: 'KIMI_REQUEST_TOO_LARGE',
    reason: 'message-size',
    status: BODY,
    texts: [/total message size|message size.*exceeds? limit/i],
    source: 'wire.md 8.2; peers.md 5.5 (kimi-code#1862)',
  },
  {
    code: 'KIMI_SCHEMA_REFUSED',
    reason: 'schema-size',
    status: BODY,
    texts: [/schema.*(exceeds?|maximum|too (large|big|long))/i],
    source: 'peers.md 5.4 (kimi-cli#2475, kimi-code#965, pi-subagents#235)',
  },
  {
    code: 'KIMI_SCHEMA_REFUSED',
    reason: 'tool-name',
    status: BODY,
    texts: [/(function|tool)[ _]?name.*(duplicated?|invalid|must)|(duplicated?|invalid) (function|tool)[ _]?name/i],
    source: 'wire.md 8.2 ("function name ... is duplicated"); peers.md 5.4 (kimi-cli#2531)',
  },
  {
    code: 'KIMI_SCHEMA_REFUSED',
    reason: 'schema',
    status: BODY,
    texts: [
      /\bschema\b|\$defs|\$ref|references must start|at path ['"`]|moonshot flavored|function\.parameters|\btools?\.\d+\./i,
      /\b(anyof|oneof|allof|enum|prefixitems)\b.*(type|must|not)/i,
    ],
    source: 'peers.md 5.4 (command-code#594, kimi-cli#2061, CLIProxyAPI#5316, GitNexus#2703, oh-my-pi#5952)',
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
    source: 'wire.md 8.1 (B:50820-50829), 8.2 ("unsupported image url"); peers.md 5.5 (puter#2931, vercel/ai#18328)',
  },
  {
    code: 'KIMI_REQUEST_INVALID',
    reason: 'setting',
    status: BODY,
    texts: [
      /invalid (temperature|top_p|top_k|n\b|presence_penalty|frequency_penalty|thinking|reasoning|tool_choice|stop\b|max_)/i,
      /is allowed for this model|only type=enabled|(reasoning|thinking)[_ .-]?effort|(unsupported|invalid).*effort|tool_choice/i,
    ],
    source: 'peers.md 5.4 (tool_choice), 5.5 (temperature); wire.md 8.1 (B:50830-50836)',
  },
  {
    code: 'KIMI_REQUEST_INVALID',
    reason: 'messages',
    status: BODY,
    texts: [
      /must not be empty|tool_calls?\b.*(must|did not|not found)|tool_call_ids?|\brole ['"`]?\w+|roles must alternate|unsupported role/i,
      /text content blocks?|must be a response to|insufficient tool messages|messages? (at|in) (position|index)/i,
    ],
    source: 'wire.md 8.1 (B:50801-50819); peers.md 5.4 (opencode#6056), 5.5',
  },
  {
    code: 'KIMI_MODEL_UNAVAILABLE',
    reason: 'model-not-found',
    status: [400, 404],
    types: /model_not_found/i,
    texts: [/not found the model|(?<![a-z])models?(?![a-z]).*(not found|not exist|permission)|permission denied/i],
    source: 'wire.md 8.2 ("Not found the model ... or Permission denied")',
  },
  {
    code: 'KIMI_MODEL_UNAVAILABLE',
    reason: 'model-not-entitled',
    status: [401, 403],
    types: /model_not_found/i,
    texts: [/(?<![a-z])models?(?![a-z])/i],
    source: 'peers.md 5.2 (openclaw#111561, kolega-code#542: 401 "model id does not exist"); decisions.md 19',
  },
  {
    code: 'KIMI_MEMBERSHIP_REQUIRED',
    reason: 'plan',
    status: [401, 403],
    texts: [/(?<![a-z])(members?|subscriptions?|subscribe|benefits?|upgrade|entitle(d|ments?)|plans?)(?![a-z])/i],
    source: 'decisions.md 19; peers.md 0.4, 5.2',
  },
  {
    code: 'KIMI_PERMISSION_DENIED',
    reason: 'access-ended',
    status: [401, 403],
    texts: [/access (has been |was |is )?terminated|account (has been |is )?(suspended|banned|disabled|deactivated)/i],
    source: 'error-reference.html ("Access terminated", 403); peers.md 5.1 (pi#5009, openclacky#192)',
  },
  {
    code: 'KIMI_NOT_AUTHENTICATED',
    reason: 'credential-refused',
    status: [400, 403],
    always: [401],
    refresh: true,
    types: /invalid_authentication_error|incorrect_api_key_error|^authentication_error$|invalid_api_key/i,
    texts: [/api key appears to be invalid|invalid authentication|incorrect api key|invalid api key/i],
    source: 'wire.md 8.2, 11; peers.md 5.2, 5.7; platform docs, errors',
  },
  {
    code: 'KIMI_OVERLOADED',
    reason: 'overloaded',
    retryable: true,
    always: [529],
    types: /engine_overloaded|overloaded_error/i,
    texts: [/overload|at capacity/i],
    source: 'wire.md 8.1 (B:50752-50756), 8.2; peers.md 5.6 (kimi-code#1252)',
  },
  {
    code: 'KIMI_RATE_LIMITED',
    reason: 'rate-limit',
    retryable: true,
    always: [429],
    types: /rate_limit/i,
    texts: [/rate[ _-]?limit|too many requests|\bmax (rpm|tpm|tpd)\b|requests? per (minute|day)/i],
    source: 'wire.md 8.1, 8.2 (rate_limit_reached_error); platform docs, errors',
  },
  {
    code: 'KIMI_REQUEST_TOO_LARGE',
    reason: 'body-size',
    always: [413],
    source: 'wire.md 8.1 (B:50792-50800); peers.md 5.5 (kimi-cli#1222)',
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
    source: 'wire.md 14.12; platform docs (permission_denied_error)',
  },
  {
    code: 'KIMI_NOT_FOUND',
    reason: 'url',
    always: [404, 405],
    source: 'error-reference.html ("method not found"); plain HTTP sense',
  },
  { code: 'KIMI_SERVER_ERROR', reason: 'timeout', retryable: true, always: [408, 504, 524], source: 'wire.md 8.1' },
  {
    code: 'KIMI_SERVER_ERROR',
    reason: 'server-error',
    retryable: true,
    always: [409, 425, ...SERVER],
    inAnswer: true,
    source: 'wire.md 8.1; 7 (B:50670-50683: an error in the middle of an answer with an unknown text is retried)',
  },
  {
    code: 'KIMI_REQUEST_INVALID',
    reason: 'request',
    always: [400, 406, 411, 414, 415, 416, 417, 422, 428, 431],
    source: 'wire.md 8.2 (invalid_request_error)',
  },
];
