import { BASE_URL_VARIABLE_NAMES } from '../transport/base-url-variables';
import { API_BASE_URLS, KEY_CONSOLE_URLS, type KimiRegion, type KimiService } from '../upstream';

/** The cases of refused requests. */
export type ErrorReason = keyof typeof ADVICE;

/** What an explanation may name. */
export type ErrorPlace = {
  /** Host and port that answered. */
  host: string;
  /** `the credential from the environment variable KIMI_API_KEY`, or `your credential`. */
  credential: string;
  /** Where keys and plans of this host are managed. */
  console: string;
  /** Who the request said it came from. */
  identity: string;
  /** When a quota is fresh again, as a sentence with a space before it; empty where that is not known. */
  reset: string;
};

const LOGIN = '"npx ai-sdk-provider-kimi login"';

const quota =
  (name: string) =>
  ({ host, reset, console }: ErrorPlace) =>
    `The ${name} of your Kimi plan on ${host} is used up.${reset} To go on now, buy extra usage or a larger ` +
    `plan at ${console}, ` +
    'or use another account (the "account" setting, or another key).';

/** Which host each of the other kinds of key is for, and the settings that lead there. */
function otherKeys(console: string): string {
  const services = Object.entries(KEY_CONSOLE_URLS) as [KimiService, Record<KimiRegion, string>][];
  const kinds = services.flatMap(([service, consoles]) =>
    (Object.entries(consoles) as [KimiRegion, string][]).map(([region, url]) => ({ service, region, url })),
  );
  return kinds
    .filter(({ url }) => url !== console)
    .map(
      ({ service, region, url }) =>
        `those from ${url} on ${new URL(API_BASE_URLS[service][region]).host} (service: '${service}', region: ` +
        `'${region}')`,
    )
    .join(', ');
}

/** A variable stands above what a sign-in saves, so that signing in changes nothing. */
function orElse(credential: string): string {
  const variable = /\bthe environment variable (\w+)/.exec(credential)?.[1];
  return variable === undefined ? `Or sign in with ${LOGIN}.` : `Or unset ${variable}, to use what ${LOGIN} has saved.`;
}

/** What happened and what to do about it, in full sentences, by the reason of a row of error-table.ts. */
const ADVICE = {
  concurrency: ({ host }: ErrorPlace) =>
    `${host} serves no more requests of this account at the same time. Wait for running requests, or run fewer ` +
    'at once.',
  'identity-gate': ({ host, identity }: ErrorPlace) =>
    `${host} serves Kimi Code only to coding agents that it knows, and did not take this request, which said it came ` +
    `from "${identity}". The setting "identity" (or KIMI_IDENTITY) has three words: 'package' states this package's ` +
    "own name, as Kimi asks of other programs; 'kimi-cli' and 'kimi-code' send the headers of an official client, " +
    'for which Kimi suspended accounts in May 2026 (and restored them). Which of them your account may use shows ' +
    '"npx ai-sdk-provider-kimi doctor --chat"; nothing is changed by itself. Check also that no "fetch" setting or ' +
    'proxy changes the User-Agent. To have a name of your own admitted: code@moonshot.ai.',
  balance: ({ host, credential, console }: ErrorPlace) =>
    `The account behind ${credential} has no balance left on ${host}. Top it up at ${console}, then send the ` +
    'request once more.',
  '5-hour': quota('5-hour quota'),
  weekly: quota('weekly quota'),
  monthly: quota('monthly quota'),
  'billing-cycle': quota('quota of this billing cycle'),
  period: quota('quota of this period'),
  membership: ({ credential, console }: ErrorPlace) =>
    `Kimi finds no active plan for ${credential}. Check the plan at ${console}; if it belongs to another account, ` +
    `sign in to that one with ` +
    `${LOGIN} or use its key. Pay-per-token keys need service: 'platform'.`,
  plan: ({ credential, console }: ErrorPlace) =>
    `The plan behind ${credential} does not include what was asked for. See your plan at ${console}; signing ` +
    'in again does not help.',
  'high-speed': ({ credential }: ErrorPlace) =>
    `The plan behind ${credential} has no high-speed access. Use the model without "-highspeed" in its name, ` +
    'or a plan that has it.',
  'content-filter': () =>
    "Kimi's content moderation refused the prompt. Change what was sent, for example a tool result or a file; the " +
    'same request is refused again.',
  'reasoning-content': () =>
    'Kimi wants the reasoning of earlier assistant messages back. Pass the messages of earlier steps on as the ' +
    'AI SDK gave them ' +
    '("response.messages"), with their reasoning parts. On models that can turn thinking off, ' +
    "providerOptions.kimi.reasoningEffort: 'off' helps too.",
  'plan-context': ({ credential }: ErrorPlace) =>
    `The request exceeded model token limit: the plan behind ${credential} allows less context for this model. ` +
    'Shorten or summarise the conversation, or use a plan with the larger context.',
  // The phrase before the colon is how opencode and pi know that they must compact the conversation, as is that of the
  // sizes below.
  context: () =>
    'The request exceeded model token limit: prompt and maxOutputTokens together do not fit into the context ' +
    'of the model. ' +
    'Shorten or summarise the conversation, or lower maxOutputTokens.',
  'message-size': () =>
    'Request entity too large: Kimi takes 2 MiB (2097152 bytes) of messages. Shorten or summarise the ' +
    'conversation, or send large media as ms:// references.',
  'body-size': ({ host }: ErrorPlace) =>
    `Request entity too large: ${host}, or a proxy in front of it, takes no body of this size. ` +
    'Shorten or summarise the conversation, or send fewer and smaller files.',
  'schema-size': () =>
    "A tool's parameters are larger than the about 15 kB that Kimi takes for each tool. Shorten the descriptions " +
    'and enums of that tool, or split it.',
  'tool-name': () =>
    'Kimi does not take the names of the tools: each must be there once, start with a letter and have only ' +
    'letters, digits, "_" and "-". Rename the tool.',
  schema: () =>
    'Kimi does not take the JSON schema of a tool or of the output. Its answer names the place; simplify the ' +
    'schema there ' +
    '(plain objects, one type each, $ref only to #/$defs).',
  'file-gone': ({ host }: ErrorPlace) =>
    `${host} does not have a file that is named by ms://: it was deleted, has expired, or is another account's. ` +
    'Upload it again.',
  media: () =>
    'Kimi does not take an image, video or file of this request. It takes JPEG, PNG, GIF, WebP, BMP and HEIC ' +
    'images and common video types, ' +
    'as data or as ms:// references, not as http URLs, and only on models that see them.',
  setting: () =>
    'This model does not take one of the settings of the request. Leave temperature, topP, penalties, toolChoice and ' +
    'providerOptions.kimi.reasoningEffort at their defaults; the answer names the one that it refuses.',
  messages: () =>
    'Kimi does not take the order or the form of the messages: each tool call needs its result right after it, ' +
    'and no assistant message ' +
    'may be empty. Check what your application adds to the history or drops from it.',
  'model-not-found': ({ host, credential }: ErrorPlace) =>
    `The model does not exist on ${host}, or ${credential} has no access to it. Model ids differ by service: k3 ` +
    `and kimi-for-coding on Kimi Code, ` +
    "kimi-k3 and kimi-k2.6 on the Moonshot platform (service: 'platform').",
  'model-not-entitled': ({ host, credential }: ErrorPlace) =>
    `${host} does not give this model to ${credential}. Check the model id, and whether your plan has the model; ` +
    `signing in again does not help.`,
  'credential-refused': ({ host, credential, console }: ErrorPlace) =>
    `${host} does not accept ${credential}. Keys work only on the host they were made for: those from ` +
    `${console} on this one, ` +
    `${otherKeys(console)}. ${orElse(credential)}`,
  'access-ended': ({ host, credential }: ErrorPlace) =>
    `${host} has ended or suspended the access of ${credential}. Only Kimi can open it again: write to ` +
    'code@moonshot.ai.',
  blocked: ({ host }: ErrorPlace) =>
    `Something in front of ${host} blocked the request. Check proxy, VPN and firewall, and whether Kimi serves ` +
    'your country.',
  permission: ({ host, credential, console }: ErrorPlace) =>
    `${host} does not permit this request to ${credential}. Signing in again does not help; see the state of ` +
    `the account at ${console}.`,
  url: ({ host }: ErrorPlace) =>
    `${host} has no chat API at this URL. Check the "baseURL" setting and the variable ${BASE_URL_VARIABLE_NAMES}: ` +
    'it ends in /coding/v1 for Kimi Code and in /v1 for the Moonshot platform.',
  'page-empty': ({ host }: ErrorPlace) =>
    `${host} found no text on the page. It may need a login or a browser; try another address.`,
  'page-refused': ({ host }: ErrorPlace) =>
    `${host} does not fetch this page, which it takes for a security risk. Try another address.`,
  overloaded: ({ host }: ErrorPlace) =>
    `${host} says that it is overloaded. Try again in a while. Kimi also answers so to effort levels that it does ` +
    'not know (providerOptions.kimi.reasoningEffort) and to clients: if that goes on, "npx ai-sdk-provider-kimi ' +
    'doctor --chat" says which identity your account may use.',
  'rate-limit': ({ host }: ErrorPlace) =>
    `${host} receives more requests from this account than it takes in this time. Send fewer, or wait before ` +
    'the next one.',
  timeout: ({ host }: ErrorPlace) => `${host} took too long to answer. Try again.`,
  'server-error': ({ host }: ErrorPlace) =>
    `${host} failed to answer. Try again; if that goes on, report the trace id to Kimi.`,
  request: ({ host }: ErrorPlace) => `${host} does not accept the request.`,
} satisfies Record<string, (place: ErrorPlace) => string>;

/** The explanation of a reason. */
export function explainError(reason: ErrorReason, place: ErrorPlace): string {
  return ADVICE[reason](place);
}

/** Where keys and plans of a URL's host are managed. */
export function consoleOf(url: string): string {
  const { host, pathname } = new URL(url);
  for (const service of Object.keys(API_BASE_URLS) as KimiService[]) {
    for (const region of Object.keys(API_BASE_URLS[service]) as KimiRegion[]) {
      if (new URL(API_BASE_URLS[service][region]).host === host) {
        return KEY_CONSOLE_URLS[service][region];
      }
    }
  }
  return pathname.includes('/coding/') ? KEY_CONSOLE_URLS.coding['mainland-cn'] : KEY_CONSOLE_URLS.platform.global;
}
