/** What a person can paste into an issue: versions, place, sign-in, models, checks. Nothing secret, nothing personal. */
import { createRequire } from 'node:module';
import { release } from 'node:os';
import path from 'node:path';
import { credentialSlot } from '../../credentials/credential-slot';
import { homeDirectory } from '../../credentials/data-directory';
import { hideSecrets } from '../../errors/hide-secrets';
import { parseModelList } from '../../models/model-list';
import { openCatalogCache } from '../../platform/node';
import type { KimiAuthStatus } from '../../provider/kimi-auth';
import type { KimiProviderV4 } from '../../provider/kimi-provider-v4';
import { VERSION } from '../../version';
import type { CommandContext } from '../command';
import { describeFailure } from '../failures';
import type { Screen } from '../terminal';
import { timeSpan } from '../wording';
import type { Check } from './machine-checks';

/** Titles to labels to values; in this order it is shown. */
export type Report = {
  title: string;
  sections: ReadonlyArray<{ title: string; entries: ReadonlyArray<readonly [label: string, value: string]> }>;
  /** What is not in it. */
  leftOut: string;
};

/** Packages whose versions decide how this one behaves; looked for from the folder that the command runs in. */
const PACKAGES = ['ai', '@ai-sdk/provider', '@ai-sdk/openai-compatible', '@ai-sdk/provider-utils', 'zod'];

/** Variables that something here looks at, or that change how Node reaches the network. */
const VARIABLES =
  /^(KIMI_|MOONSHOT_|NODE_|npm_config_user_agent$|XDG_|DBUS_SESSION_BUS_ADDRESS$|SSL_CERT_|CI$|SSH_|WSL_)|_PROXY$/i;

/** The values of these are secrets, wherever they turn up. */
const SECRET_VARIABLES = /^(KIMI|MOONSHOT)_.*(KEY|TOKEN|SECRET|SEED)/;

const LEFT_OUT =
  "Left out: keys, tokens, prompts, values of variables, the account's name, host name and device id. Places in the " +
  'home directory begin with ~. Read it before you post it.';

/** Puts together what is known and what the checks have found. */
export async function makeReport(
  { environment, platform, now }: CommandContext,
  kimi: KimiProviderV4,
  checks: readonly Check[],
): Promise<Report> {
  const status = await kimi.auth.status().catch((error: unknown) => describeFailure(error).message);
  const sections = [
    { title: 'Versions', entries: versions(platform) },
    {
      title: 'Sign-in',
      entries: typeof status === 'string' ? [['Cannot be read', status] as const] : signIn(status, now()),
    },
    { title: 'Models', entries: typeof status === 'string' ? [] : await keptModels(status, environment, now()) },
    {
      title: 'Checks',
      entries: checks.map(
        ({ name, state, detail, fix }) =>
          [`${name}: ${state}`, fix === undefined ? detail : `${detail}. Fix: ${fix}`] as const,
      ),
    },
    { title: 'Variables that are set', entries: [['Names', namesOfVariables(environment)] as const] },
  ];
  const account = typeof status === 'string' ? environment.KIMI_ACCOUNT : status.account;
  return withoutPersonal(
    { title: `ai-sdk-provider-kimi ${VERSION}: report`, sections, leftOut: LEFT_OUT },
    account,
    environment,
  );
}

function versions(platform: NodeJS.Platform): Array<readonly [string, string]> {
  const { node, bun } = process.versions;
  const from = createRequire(path.join(process.cwd(), 'report.js'));
  return [
    ['ai-sdk-provider-kimi', VERSION],
    bun === undefined ? ['Node', node] : ['Bun', bun],
    ['System', `${platform} ${process.arch}, ${release()}`],
    ...PACKAGES.map(name => [name, versionOf(name, from)] as const),
  ];
}

function versionOf(name: string, from: NodeJS.Require): string {
  try {
    return String((from(`${name}/package.json`) as { version?: unknown }).version);
  } catch {
    return 'not found from this folder';
  }
}

function signIn(status: KimiAuthStatus, now: number): Array<readonly [string, string]> {
  const { state, kind, source, expiresAt, service, region, apiBaseURL, oauthHost, account, identity } = status;
  const left = expiresAt === undefined ? undefined : expiresAt.getTime() - now;
  return [
    ['State', state],
    ['With', kind === undefined ? 'nothing' : kind === 'oauth' ? 'a login' : 'a key'],
    ['Source', source],
    ...(left === undefined ? [] : [['Token', `${left > 0 ? 'ends in' : 'ended before'} ${timeSpan(left)}`] as const]),
    ['Account', account === 'default' ? 'default' : 'one with a name'],
    ['Service', `${service}, ${region}`],
    ['API', apiBaseURL],
    ['OAuth host', oauthHost],
    ['Identity', identity],
  ];
}

/** The list that the last process has kept for this login; a key's is under a name that only its requests know. */
async function keptModels(
  status: KimiAuthStatus,
  environment: CommandContext['environment'],
  now: number,
): Promise<Array<readonly [string, string]>> {
  const entry = await openCatalogCache(await credentialSlot(status), environment).load();
  const models = entry === undefined ? undefined : parseModelList(entry.body, status.service);
  return entry === undefined || models === undefined
    ? [['Kept list', 'none']]
    : [
        ['Kept list', `${timeSpan(now - entry.fetchedAt)} old`],
        ['Ids', models.map(({ id, protocol }) => (protocol === 'openai' ? id : `${id} (${protocol})`)).join(', ')],
      ];
}

function namesOfVariables(environment: CommandContext['environment']): string {
  const names = Object.keys(environment).filter(name => environment[name] && VARIABLES.test(name));
  return names.length === 0 ? 'none' : names.toSorted().join(', ');
}

/** Through what errors go through, too; besides, no folder says who the person is, and no account. */
function withoutPersonal(
  report: Report,
  account: string | undefined,
  environment: CommandContext['environment'],
): Report {
  const secrets = Object.entries(environment).flatMap(([name, value]) =>
    value && SECRET_VARIABLES.test(name) ? [value] : [],
  );
  const home = homeDirectory();
  const impersonal = (text: string): string => {
    const short = home === undefined || home.length < 2 ? text : text.replaceAll(home, '~');
    return account === undefined || account === 'default' ? short : short.replaceAll(account, '[account]');
  };
  const { sections, ...rest } = hideSecrets(report, { secrets });
  return {
    ...rest,
    sections: sections.map(({ title, entries }) => ({
      title,
      entries: entries.map(([label, value]) => [label, impersonal(value)] as const),
    })),
  };
}

/** As Markdown that can also be read as it is. */
export function showReport(screen: Screen, { title, sections, leftOut }: Report): void {
  screen.text(title, { label: '# ' });
  for (const { title: heading, entries } of sections.filter(({ entries }) => entries.length > 0)) {
    screen.line();
    screen.line(`## ${heading}`);
    screen.line();
    entries.forEach(([label, value]) => screen.text(`**${label}**: ${asMarkdown(value)}`, { label: '- ' }));
  }
  screen.line();
  screen.text(leftOut);
}

/** Nobody's text is markup, a mention or a link of an issue. */
function asMarkdown(text: string): string {
  return text.replace(/[`*<>[\]@#|]/g, character =>
    character === '@' || character === '#' ? `&#${character.charCodeAt(0)};` : `\\${character}`,
  );
}
