/**
 * What Kimi refused, for who reads it on a terminal, in three lines: what it said, in its own words; why, as far as we
 * know; what to run. The same refusals in code are told by `api/error-advice.ts`, with settings in place of flags.
 */
import { consoleOf, type ErrorReason } from '../api/error-advice';
import { readErrorBody } from '../api/error-body';
import type { KimiAPIError } from '../errors/kimi-api-error';
import { timeUntil } from './wording';

/** Who reads a failure, and when. */
export type Reader = {
  /** What they do where the credential is not accepted, a sentence: the source that won says what (`remedyOf`). */
  remedy: string;
  /** The flags that lead to the same login again. */
  flags: string;
  /** ms since the epoch. */
  now: number;
};

type Place = Reader & {
  /** Where keys and plans of the host are managed. */
  page: string;
  reset: string;
  source: string | undefined;
};
type Words = { why: string; what: string };

const RUN = 'npx ai-sdk-provider-kimi';

const quota =
  (name: string) =>
  ({ reset, page, flags }: Place): Words => ({
    why: `The ${name} of your plan is used up.${reset}`,
    what: `Buy more at ${page}, or use another login: ${RUN} usage${flags} shows what is left.`,
  });

const request = (why: string, what: string) => (): Words => ({ why, what });

const REFUSALS: Readonly<Record<ErrorReason | 'unknown', (place: Place) => Words>> = {
  concurrency: request('This account has too many requests at the same time.', 'Wait for those that run.'),
  'identity-gate': ({ flags }) => ({
    why: 'It serves only coding agents that it knows, and did not take the name that this request gave.',
    what: `See which names your account may use: ${RUN} doctor --chat${flags}`,
  }),
  balance: ({ page }) => ({ why: 'The account has no balance left.', what: `Top it up at ${page}` }),
  '5-hour': quota('5-hour quota'),
  weekly: quota('weekly quota'),
  monthly: quota('monthly quota'),
  'billing-cycle': quota('quota of this billing cycle'),
  period: quota('quota of this period'),
  membership: ({ page, remedy }) => ({
    why: `It finds no active plan for this credential. Your plan: ${page}`,
    what: `If the plan is of another account: ${remedy}`,
  }),
  plan: ({ page }) => ({
    why: 'Your plan does not include this. Signing in again does not help.',
    what: `See your plan at ${page}`,
  }),
  'high-speed': request(
    'Your plan has no high-speed access.',
    'Use the model without "-highspeed" in its name (--model), or a plan that has it.',
  ),
  'content-filter': request(
    "Kimi's content moderation refused the prompt.",
    'Change what is sent: the same request is refused again.',
  ),
  'reasoning-content': request(
    'It wants the reasoning of earlier messages back.',
    'Ask without them, or with --effort off where the model can.',
  ),
  'plan-context': request('Your plan allows less context for this model.', 'Send less, or use a larger plan.'),
  context: request('The prompt does not fit into the context of the model.', 'Send less.'),
  'message-size': request('It takes 2 MiB of messages.', 'Send less, or upload large media first.'),
  'body-size': request('It, or a proxy in front of it, takes no body of this size.', 'Send fewer or smaller files.'),
  'schema-size': request("A tool's parameters are too large.", 'Shorten its descriptions and enums.'),
  'tool-name': request('It does not take the names of the tools.', 'Rename the tool.'),
  schema: request('It does not take the JSON schema of a tool.', 'Simplify the schema at the place that it names.'),
  'file-gone': ({ flags }) => ({
    why: 'The file was deleted, has expired, or is of another account.',
    what: `Upload it again: ${RUN} upload <file>${flags}`,
  }),
  media: ({ flags }) => ({
    why: 'It takes common images and videos, and only on models that see them.',
    what: `See which do: ${RUN} models${flags}`,
  }),
  setting: ({ flags }) => ({
    why: 'This model does not take one of the settings of the request.',
    what: `Leave --effort out, or see what the model takes: ${RUN} models${flags}`,
  }),
  messages: request('It does not take the order or the form of the messages.', 'Report this: it was ours to avoid.'),
  'model-not-found': ({ flags }) => ({
    why: 'There is no such model here, or your account has none. Ids differ by --service.',
    what: `See what there is: ${RUN} models${flags}`,
  }),
  'model-not-entitled': ({ flags }) => ({
    why: 'Your plan does not have this model. Signing in again does not help.',
    what: `See what it has: ${RUN} models${flags}`,
  }),
  'credential-refused': ({ remedy, source }) => ({
    why: `It does not accept the credential${source === undefined ? '' : ` from ${source}`}.`,
    what: remedy,
  }),
  'access-ended': request('Your access was ended or suspended.', 'Only Kimi can open it again: code@moonshot.ai'),
  blocked: request('Something in front of it blocked the request.', 'Check proxy, VPN and firewall, and your country.'),
  permission: ({ page }) => ({
    why: 'It does not permit this to your account. Signing in again does not help.',
    what: `See its state at ${page}`,
  }),
  url: request(
    'There is no such API at this address.',
    'Check KIMI_CODE_BASE_URL and MOONSHOT_BASE_URL: they end in /coding/v1 and /v1.',
  ),
  'page-empty': request('The page has no text that can be read.', 'Try another address.'),
  'page-refused': request('It takes the page for a security risk.', 'Try another address.'),
  overloaded: ({ flags }) => ({
    why: 'It has too much load; it also says so to clients that it does not take.',
    what: `Try again in a while. If that goes on: ${RUN} doctor --chat${flags}`,
  }),
  'rate-limit': request('This account sends more than it takes in this time.', 'Wait before the next one.'),
  timeout: request('It took too long to answer.', 'Try again.'),
  'server-error': request('It failed to answer.', 'Try again; if that goes on, report the trace id to Kimi.'),
  request: request('It does not accept the request.', 'Its answer says what it refuses.'),
  unknown: request('That is an error that is not known here.', 'Its answer is all that there is to go by.'),
};

/** What the server said, unaltered, and with which status; where it said nothing, that it refused. */
function saidBy({ url, statusCode, responseBody }: KimiAPIError): string {
  const { host } = new URL(url);
  const { message, isPage } = readErrorBody(responseBody ?? '');
  const status = statusCode === undefined || statusCode === 200 ? '' : ` (HTTP ${statusCode})`;
  return message === undefined
    ? `${host} refused the request${status}.`
    : `${host}${isPage ? ' sent a page' : ''}: "${message}"${status}`;
}

/** The three lines; `undefined` for what is no refusal: no connection, an answer that is none. */
export function refusalLines(error: KimiAPIError, reader: Reader): [string, string, string] | undefined {
  if (!Object.hasOwn(REFUSALS, error.reason)) {
    return undefined;
  }
  const reset = error.resetsAt === undefined ? '' : ` It is fresh again ${timeUntil(error.resetsAt, reader.now)}.`;
  const { why, what } = REFUSALS[error.reason as ErrorReason]({
    ...reader,
    page: consoleOf(error.url),
    reset,
    source: error.source,
  });
  const trace = error.reason === 'server-error' && error.traceId !== undefined ? ` Trace id: ${error.traceId}` : '';
  return [saidBy(error), why, `${what}${trace}`];
}

/** Settings of code, as our own sentences name them, and what does the same here. */
const FLAGS: ReadonlyArray<readonly [RegExp, string]> = [
  [/ \(or the "apiKey" setting\)/g, ''],
  [/(?:, or )?the "apiKey" setting,?/g, ''],
  [/\bservice: '(\w+)'/g, '--service $1'],
  [/\bregion: '([\w-]+)'/g, '--region $1'],
  [/\bthe "baseURL" setting, the variable/g, 'the variable'],
  [/,? or the "baseURL" setting/g, ', or KIMI_CODE_BASE_URL and MOONSHOT_BASE_URL'],
  [/\band the "baseURL" setting/g, 'and KIMI_CODE_BASE_URL or MOONSHOT_BASE_URL'],
  [/\band the "oauthHost" and "region" settings/g, 'and --region'],
  [/,? ?The setting "limits\.firstByteMs" allows more time\./g, ''],
  [/"allowInsecure: true"|allowInsecure: true|"allowInsecure"/g, '--allow-insecure'],
  [/"?providerOptions\.kimi\.reasoningEffort"?/g, '--effort'],
  [/"account"(?= setting)/g, '--account'],
  [/"mediaType"/g, '--type'],
];

/** A sentence of ours in the words of the command line. Never for what somebody else has said. */
export function inFlags(sentence: string): string {
  return FLAGS.reduce((text, [setting, flag]) => text.replace(setting, flag), sentence);
}
