import {
  API_BASE_URLS,
  DEVICE_AUTHORIZATION_PATH,
  IDENTITY_HEADERS,
  KIMI_CODE,
  OAUTH_CLIENT_ID,
  OAUTH_HOSTS,
  TOKEN_PATH,
  TRACE_ID_HEADER,
} from '../src/upstream.ts';
import { comparedLists, type Finding } from './finding.ts';

/** By which code of `dist/main.mjs` a string of the vendor's is known there, and what this package has of it. */
const STRINGS: ReadonlyArray<{ fact: string; pattern: RegExp; pinned: readonly string[] }> = [
  { fact: 'OAuth client id', pattern: /clientId: "([\da-f-]{36})"/g, pinned: [OAUTH_CLIENT_ID] },
  {
    fact: 'OAuth hosts',
    pattern: /(https:\/\/auth\.(?:kimi|moonshot)\.[a-z]+)/g,
    pinned: Object.values(OAUTH_HOSTS),
  },
  { fact: 'OAuth paths', pattern: /(\/api\/oauth\/[\w/-]{1,60})/g, pinned: [DEVICE_AUTHORIZATION_PATH, TOKEN_PATH] },
  {
    fact: 'API bases',
    pattern: /(https:\/\/api\.(?:kimi|moonshot)\.[a-z]{2,9}[a-z/]{0,40}\/v\d{1,2})/g,
    pinned: Object.values(API_BASE_URLS).flatMap(regions => Object.values(regions)),
  },
  {
    fact: 'User-Agent product',
    pattern: /CLI_USER_AGENT_PRODUCT = "([\w.-]+)"/g,
    pinned: [KIMI_CODE.userAgentProduct],
  },
  { fact: 'platform', pattern: /KIMI_CODE_PLATFORM = "([\w.-]+)"/g, pinned: [KIMI_CODE.platform] },
  {
    fact: 'X-Msh-* headers',
    pattern: /"(X-Msh-[A-Za-z-]+)"/g,
    // The last one goes with searches of its own, and is no identity.
    pinned: [...Object.values(IDENTITY_HEADERS).filter(name => name.startsWith('X-Msh-')), 'X-Msh-Tool-Call-Id'],
  },
  { fact: 'trace header', pattern: /"(x-trace-id)"/g, pinned: [TRACE_ID_HEADER] },
];

/** @param source of the official client's `dist/main.mjs` */
export function clientFindings(source: string): Finding[] {
  return STRINGS.map(({ fact, pattern, pinned }) => {
    const found = new Set([...source.matchAll(pattern)].map(([, value = '']) => value));
    return comparedLists(`kimi-code: ${fact}`, pinned, [...found], 'src/upstream.ts');
  });
}
