import { KIMI_CLI, KIMI_CODE } from '../../upstream';
import type { RecordedRequest } from '../recorded-request';
import type { SimulatorRule } from './simulator-rule';

/**
 * Who gets through to chat completions: official clients and known agents, anyone with a name (default; reported on
 * 2026-08-14), or everyone.
 */
export type IdentityGate = 'known-agents' | 'named' | 'off';

/** Coding agents that the vendor's own 403 text or its documents name, by User-Agent product. */
const KNOWN_AGENTS = [
  'claude-cli',
  'claude-code',
  'RooCode',
  'Roo-Code',
  'Kilo-Code',
  'KiloCode',
  'opencode',
  'cline',
  'pi',
];

/** Products of HTTP libraries and SDKs: a User-Agent that has only these names nobody. */
const LIBRARIES = [
  /^(ai|ai-sdk|openai|asyncopenai|anthropic|node|node\.js|node-fetch|undici|axios|got|bun|deno|runtime)$/i,
  /^(curl|wget|python.*|aiohttp|httpx|go-http-client|okhttp|java|mozilla)$/i,
];

const IDENTITY_HEADER_NAMES = [
  'x-msh-platform',
  'x-msh-version',
  'x-msh-device-name',
  'x-msh-device-model',
  'x-msh-os-version',
  'x-msh-device-id',
];

/** Whether the gate refuses the identity that the request states. */
export function isRefusedByGate({ headers }: RecordedRequest, gate: IdentityGate): boolean {
  if (gate === 'off') {
    return false;
  }
  const products = productsOf(headers['user-agent']);
  const [first] = products;
  if (gate === 'named') {
    return first === undefined || LIBRARIES.some(library => library.test(first));
  }
  const platform = headers['x-msh-platform'];
  if (first === KIMI_CLI.userAgentProduct) {
    return platform !== KIMI_CLI.platform;
  }
  if (first === KIMI_CODE.userAgentProduct) {
    return platform !== KIMI_CODE.platform;
  }
  return first === undefined || !KNOWN_AGENTS.some(agent => agent.toLowerCase() === first.toLowerCase());
}

/** Oddities of the identity that are not refused: half an official set, or an SDK's name behind an official product. */
export function identityNotices({ headers }: RecordedRequest): string[] {
  const [first, ...more] = productsOf(headers['user-agent']);
  if (first !== KIMI_CLI.userAgentProduct && first !== KIMI_CODE.userAgentProduct) {
    return [];
  }
  const missing = IDENTITY_HEADER_NAMES.filter(name => !headers[name]);
  return [
    ...(missing.length > 0 ? [`identity-incomplete: ${missing.join(', ')}`] : []),
    ...(more.length > 0 ? [`user-agent-appended: ${more.join(', ')}`] : []),
  ];
}

function productsOf(userAgent = ''): string[] {
  return userAgent
    .slice(0, 4096)
    .replaceAll(/\([^)]*\)/g, ' ')
    .split(/\s+/)
    .filter(word => word !== '')
    .map(word => word.split('/')[0] as string);
}

/** Rows of what is decided before the body is read. */
export const ACCESS_RULES = {
  unauthorized: {
    rule: 'unauthorized',
    kind: 'refusal',
    summary: 'No credential, a dead or expired access token, an unknown key, or a key of the other service.',
    source: 'docs/wire.md#error-credential, #keys-belong-to-hosts',
    confidence: 'reported',
    status: 401,
    type: 'invalid_authentication_error',
    text: 'The API Key appears to be invalid or may have expired. Please verify your credentials and try again.',
    wording: 'real',
  },
  identityGate: {
    rule: 'identity-gate',
    kind: 'refusal',
    summary:
      'Chat completions of the coding service by a client that states no name of its own; with gate "known-agents" ' +
      'by one that is no known coding agent; with gate "off" by nobody.',
    source:
      'docs/wire.md#identity-gate; docs/decisions.md#27-gate-of-the-simulator: what the live gate checks ' +
      'is not known',
    confidence: 'reported',
    status: 403,
    type: 'access_terminated_error',
    text:
      'Kimi For Coding is currently only available for Coding Agents such as Kimi CLI, Claude Code, Roo Code, ' +
      'Kilo Code, etc.',
    wording: 'real',
  },
  quotaExhausted: {
    rule: 'quota-exhausted',
    kind: 'refusal',
    summary: 'A chat of the coding service when a window of the plan is full; with `quota.status` 429 the next row.',
    source: 'docs/wire.md#error-quota',
    confidence: 'reported',
    status: 403,
    type: 'access_terminated_error',
    text: "You've reached your … usage limit …",
    wording: 'real',
  },
  quotaExhausted429: {
    rule: 'quota-exhausted-429',
    kind: 'refusal',
    summary: 'The same as 429.',
    source: 'docs/wire.md#error-quota',
    confidence: 'reported',
    status: 429,
    type: 'access_terminated_error',
    text: "You've reached your … usage limit …",
    wording: 'real',
  },
  balanceExhausted: {
    rule: 'balance-exhausted',
    kind: 'refusal',
    summary: 'A chat of the platform when nothing is left to spend.',
    source: 'docs/wire.md#error-balance, #platform-balance',
    confidence: 'reported',
    status: 429,
    type: 'exceeded_current_quota_error',
    text:
      'Your account is suspended due to insufficient balance, please recharge your account or check your plan and ' +
      'billing details',
    wording: 'real',
  },
  unknownModel: {
    rule: 'unknown-model',
    kind: 'refusal',
    summary: 'A model slug that `/models` does not list.',
    source: 'docs/wire.md#error-model',
    confidence: 'reported',
    status: 404,
    type: 'resource_not_found_error',
    text: 'Not found the model … or Permission denied',
    wording: 'real',
  },
  wrongProtocol: {
    rule: 'model-protocol',
    kind: 'refusal',
    summary:
      'A model on a wire that does not serve it: one with `protocol: "anthropic"` on chat completions, one with ' +
      '`"response"` on both. Others are served on both.',
    source: 'docs/wire.md#model-protocol, #anthropic-protocol; what the server says is not known',
    confidence: 'assumed',
    status: 404,
    type: 'resource_not_found_error',
    text: 'Not found the model … or Permission denied',
    wording: 'ours',
  },
  malformedBody: {
    rule: 'malformed-body',
    kind: 'refusal',
    summary: 'A body that is not a JSON object with a list of `messages`, or whose `tools` are no list.',
    source: 'no source; plain HTTP sense',
    confidence: 'assumed',
    status: 400,
    type: 'invalid_request_error',
    text: 'Invalid request: the body is not a chat completion request',
    wording: 'ours',
  },
  unknownPath: {
    rule: 'unknown-path',
    kind: 'refusal',
    summary: 'A path or method that the simulator does not serve.',
    source: 'no source; plain HTTP sense',
    confidence: 'assumed',
    status: 404,
    type: 'resource_not_found_error',
    text: 'The requested resource was not found',
    wording: 'ours',
  },
  identityIncomplete: {
    rule: 'identity-incomplete',
    kind: 'notice',
    summary: 'The User-Agent of an official client without all six X-Msh headers.',
    source: 'docs/wire.md#identity-headers, #identity-per-request',
    confidence: 'captured',
  },
  userAgentAppended: {
    rule: 'user-agent-appended',
    kind: 'notice',
    summary: 'The User-Agent of an official client with more products behind it.',
    source: 'docs/wire.md#user-agent: the product stands alone, or with a suffix in brackets',
    confidence: 'captured',
  },
} as const satisfies Record<string, SimulatorRule>;
