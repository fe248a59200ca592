import { accessSync, constants, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Option } from 'commander';
import { homeDirectory } from '../../credentials/data-directory';
import { KimiNoSuchModelError, KimiUnsupportedProtocolError } from '../../errors/kimi-error';
import { parseObject, runSettings } from '../../hosts/claude-code/configuration';
import { findClaudeCode, INSTALL_COMMAND, startOf } from '../../hosts/claude-code/program';
import { isForeignVariable, preferredVariables, routeVariables } from '../../hosts/claude-code/variables';
import type { ModelInfo } from '../../models/model-info';
import { resolveModel } from '../../models/resolve-model';
import { keyVariable } from '../../provider/configured-key';
import { OAUTH_HOSTS, type KimiRegion } from '../../upstream';
import { parseClaudeArguments, type ClaudeOptions } from '../claude/arguments';
import { configFolder, prepareConfigFolder } from '../claude/config-folder';
import { runProgram } from '../claude/run-program';
import { likelyShell, quotedForPosix, shellExports } from '../claude/shell-exports';
import type { Command, CommandContext } from '../command';
import { EXIT_CODES, UsageError } from '../failures';
import { loginFlags, openKimi, type LoginOptions } from '../login-choice';

export const claude: Command = {
  name: 'claude',
  description: "Start Claude Code on Kimi; what is not listed here is Claude Code's own.",
  words: ['[args...]', 'for Claude Code, in any order with these'],
  takesAllWords: true,
  options: [
    new Option('--model <id>', "one of the account's (default: its first)"),
    new Option('--account <name>', 'one of several (default: KIMI_ACCOUNT)'),
    new Option('--region <region>', Object.keys(OAUTH_HOSTS).join(' or ')),
    new Option('--config-dir <folder>', "Claude Code's folder for Kimi (default: ~/.claude-kimi)"),
    new Option('-y, --yolo', '--dangerously-skip-permissions of Claude Code; --yes, too'),
    new Option('--print-env [shell]', 'start nothing: print what a shell is to set (bash, fish, powershell, json)'),
    new Option('--force', 'with --print-env: print a key on a terminal, too'),
    new Option('--allow-insecure', 'take http:// to another machine from KIMI_CODE_BASE_URL and the like'),
  ],
  run: (context, _options, words) => startClaudeCode(context, parseClaudeArguments(words)),
};

/** What Claude Code signs in with: a key, or the command that gives a login's token. */
type SignIn = { key: string; helper: undefined } | { key: undefined; helper: string };

/** Nothing is written or started before Kimi has taken the credential (docs/decisions.md#81-claude-codes-credential). */
async function startClaudeCode(context: CommandContext, options: ClaudeOptions): Promise<number> {
  const program = options.printEnv === undefined ? installedProgram(context) : undefined;
  if (options.yolo && context.isRoot && context.environment.IS_SANDBOX !== '1') {
    throw new UsageError(
      'Claude Code does not skip permissions as root. Run this as another user, or leave --yolo out; in a container ' +
        'that may be lost, set IS_SANDBOX=1.',
    );
  }
  const folder = configFolder(options.configDir);
  const { signIn, model, apiBaseURL } = await askKimi(context, options);
  const route = routeVariables({ slug: model.id, contextLength: model.contextLength, apiBaseURL });
  const variables = {
    CLAUDE_CONFIG_DIR: folder,
    ...route,
    ...preferredVariables(context.environment),
    ...(signIn.key === undefined ? {} : { ANTHROPIC_API_KEY: signIn.key }),
  };
  if (program === undefined) {
    refuseScreen(context, options, signIn);
    await prepareConfigFolder(folder, signIn);
    const unset = Object.keys(context.environment).filter(name => isForeignVariable(name) && !(name in variables));
    const shell = options.printEnv === true ? likelyShell(context.platform, context.environment) : options.printEnv;
    context.output.print(`${shellExports(shell ?? 'bash', { set: variables, unset })}\n`);
    return EXIT_CODES.ok;
  }
  const settings = runSettings(await givenSettings(options.settings), route, signIn.helper);
  await prepareConfigFolder(folder, signIn);
  context.abortSignal.throwIfAborted();
  const own = Object.entries(context.environment).filter(([name]) => !isForeignVariable(name));
  const start = startOf(program, ['--settings', settings, ...options.passedOn], context.environment);
  return runProgram(start, { ...Object.fromEntries(own), ...variables });
}

/** @throws UsageError with the command that installs it */
function installedProgram({ platform, environment }: CommandContext): string {
  const program = findClaudeCode({ platform, environment, home: homeDirectory(), isProgram });
  if (program === undefined) {
    throw new UsageError(`Claude Code is not installed. Install it: "${INSTALL_COMMAND}"`);
  }
  return program;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Whom requests are from, and what the account has. @throws for whoever is not signed in, and for an unknown model */
async function askKimi(
  context: CommandContext,
  options: ClaudeOptions,
): Promise<{ signIn: SignIn; model: ModelInfo; apiBaseURL: string }> {
  const { requestModels } = await import('../request-models');
  const login = loginOptionsOf(options);
  const { environment, isAmbient } = withAmbientKey(context.environment);
  const { auth } = await openKimi({ ...context, environment }, login);
  const { abortSignal } = context;
  const secret = await auth.getAccessToken({ abortSignal });
  const status = await auth.status();
  const flags = loginFlags({ account: login.account, region: login.region, allowInsecure: login.allowInsecure });
  const remedy =
    status.kind === 'api-key'
      ? `Check that key, or sign in: npx ai-sdk-provider-kimi login${flags}`
      : `Sign in again: npx ai-sdk-provider-kimi login${flags}`;
  const source = isAmbient ? 'the environment variable ANTHROPIC_API_KEY' : status.source;
  const models = await requestModels(status, { fetch: auth.fetch, source, secret, remedy }, abortSignal);
  const helper = helperCommand(context, flags);
  return {
    signIn: status.kind === 'api-key' ? { key: secret, helper: undefined } : { key: undefined, helper },
    model: chosenModel(options.model, models),
    apiBaseURL: status.apiBaseURL,
  };
}

function loginOptionsOf({ account, region, allowInsecure }: ClaudeOptions): LoginOptions {
  const regions = Object.keys(OAUTH_HOSTS);
  if (region !== undefined && !regions.includes(region)) {
    throw new UsageError(`--region must be one of ${regions.join(', ')}, not ${JSON.stringify(region)}.`);
  }
  return { account, region: region as KimiRegion | undefined, service: 'coding', allowInsecure };
}

/** Where it holds a key of Kimi's, ANTHROPIC_API_KEY counts as KIMI_API_KEY would, which stands above it. */
function withAmbientKey(environment: CommandContext['environment']): {
  environment: CommandContext['environment'];
  isAmbient: boolean;
} {
  const key = environment.ANTHROPIC_API_KEY;
  const isAmbient = keyVariable('coding', environment) === undefined && key?.startsWith('sk-kimi-') === true;
  return { environment: isAmbient ? { ...environment, KIMI_API_KEY: key } : environment, isAmbient };
}

/**
 * The account's model of that name; without one, its default. Which protocol the list names does not matter but for
 * `response`: all others are served to Claude Code, too (docs/wire.md#anthropic-protocol).
 */
function chosenModel(id: string | undefined, listed: readonly ModelInfo[]): ModelInfo {
  const models = listed.filter(({ protocol }) => protocol !== 'response');
  const usable = models.map(model => model.id);
  const list = usable.length === 0 ? 'none' : usable.join(', ');
  // Claude Code's own spelling of a window of a million, which Kimi does not know (docs/wire.md#error-model-401).
  const asked = id?.replace(/\[1m\]$/i, '') ?? 'auto';
  const { outcome, slug, why } = resolveModel(asked, { models, source: 'server' }, 'coding');
  const model = models.find(candidate => candidate.id === slug);
  if (outcome !== 'unknown' && model !== undefined) {
    return model;
  }
  if (listed.some(({ id: other }) => other === asked)) {
    const message = `Kimi does not serve "${asked}" to Claude Code. Use one of: ${list}.`;
    throw new KimiUnsupportedProtocolError({ modelId: asked, protocol: 'response', usable, message });
  }
  const message = `${usable.length === 0 ? 'The account has no model for Claude Code.' : why} Use one of: ${list}.`;
  throw new KimiNoSuchModelError({ modelId: asked, available: usable, message });
}

/** How Claude Code asks for a token: this program, by its full path, because a PATH may lead elsewhere. */
function helperCommand({ ownCommand, platform }: CommandContext, flags: string): string {
  const quoted = platform === 'win32' ? (word: string) => `"${word}"` : quotedForPosix;
  return `${ownCommand.map(quoted).join(' ')} token --check${flags}`;
}

/** The `--settings` of the user's, which stand beside ours. @throws UsageError */
async function givenSettings(given: string | undefined): Promise<Record<string, unknown>> {
  if (given === undefined) {
    return {};
  }
  const isJSON = given.trimStart().startsWith('{');
  const text = isJSON ? given : await readFile(given, 'utf8').catch(() => undefined);
  const settings = text === undefined ? undefined : parseObject(text);
  if (settings === undefined) {
    throw new UsageError(`--settings ${isJSON ? 'is no JSON object' : `${given} is no file with a JSON object`}.`);
  }
  return settings;
}

/** As `token` does: what is on a screen is in its scrollback. */
function refuseScreen({ output }: CommandContext, { force }: ClaudeOptions, { key }: SignIn): void {
  if (key !== undefined && output.isTTY && force !== true) {
    throw new UsageError(
      'These lines hold your key, which does not belong on a screen. Let the shell read them: ' +
        'eval "$(npx ai-sdk-provider-kimi claude --print-env)". To see them all the same, add --force.',
    );
  }
}
