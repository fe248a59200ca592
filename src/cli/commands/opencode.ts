import { Option } from 'commander';
import { modelConfig } from '../../hosts/opencode/model-config';
import { OPENCODE_LOGIN, OPENCODE_PROVIDER, PACKAGE_NAME } from '../../hosts/opencode/names';
import type { OpencodeProviderConfig } from '../../hosts/opencode/plugin-api';
import { chargedPrice, kimiModelCatalog } from '../../models/kimi-model-catalog';
import { knownModel } from '../../models/known-models';
import { printJSON, type Command, type CommandContext } from '../command';
import { EXIT_CODES, UsageError } from '../failures';
import { loginOptions, openKimi, type LoginOptions } from '../login-choice';
import { configurationFiles, replaceConfiguration, type ConfigurationFile } from '../opencode/configuration-file';
import { confirm } from '../read-input';
import { styled, type Screen } from '../terminal';

type OpencodeOptions = LoginOptions & {
  provider?: string | true | undefined;
  project?: boolean | undefined;
  print?: boolean | undefined;
  undo?: boolean | undefined;
  yes?: boolean | undefined;
};

/** Id of a provider that is written into the configuration; models.dev has none of that name. */
const USUAL_ID = 'kimi';

export const opencode: Command<OpencodeOptions> = {
  name: 'opencode',
  description: "Put Kimi into opencode's configuration, as its plugin; comments and the rest of it stay.",
  options: [
    new Option('--provider [id]', `as a provider instead, with the account's models (default id: ${USUAL_ID})`),
    new Option('--project', 'for the folder you are in, instead of for all'),
    new Option('--print', 'write nothing: print what would be put in'),
    new Option('--undo', 'take it out again'),
    new Option('-y, --yes', 'do not ask'),
    ...loginOptions('all'),
  ],
  run: configure,
};

/** A file, and what it is to be; `undefined` where nothing of it would be left. */
type Change = { file: ConfigurationFile; after: string | undefined };

async function configure(context: CommandContext, options: OpencodeOptions): Promise<number> {
  if (options.undo === true && (options.provider !== undefined || options.print === true)) {
    throw new UsageError('--undo takes out both forms; it goes with --project and --yes.');
  }
  const id = options.provider === true ? USUAL_ID : options.provider;
  if (options.print === true) {
    const block =
      id === undefined ? { plugin: [PACKAGE_NAME] } : { provider: { [id]: await ownProvider(context, options) } };
    context.output.json(block, options.json === true ? undefined : 2);
    return EXIT_CODES.ok;
  }
  const isProject = options.project === true;
  const files = await configurationFiles({ environment: context.environment, isProject });
  const changes = options.undo === true ? await undone(files) : await made(context, options, { files, id });
  const changed = changes.filter(({ file, after }) => after !== file.before);
  const isWritten = changed.length > 0 && (await isAgreed(context, options, changed));
  for (const { file, after } of isWritten ? changed : []) {
    await replaceConfiguration(file, after);
  }
  tell(context, options, { changed, isWritten, id });
  return changed.length === 0 || isWritten ? EXIT_CODES.ok : EXIT_CODES.failure;
}

type Files = Awaited<ReturnType<typeof configurationFiles>>;

async function made(
  context: CommandContext,
  options: OpencodeOptions,
  { files: { settings, terminal }, id }: { files: Files; id: string | undefined },
): Promise<Change[]> {
  const { hasPlugin, withPlugin, withProvider } = await loadEditor();
  if (id === undefined) {
    return Promise.all([settings, terminal].map(file => change(file, withPlugin)));
  }
  // The plugin gives a provider the models that it lacks.
  const isShort = (await change(settings, text => (hasPlugin(text) ? 'short' : 'long'))).after === 'short';
  const config = isShort ? { npm: PACKAGE_NAME } : await ownProvider(context, options);
  return [await change(settings, text => withProvider(text, id, config))];
}

async function undone({ settings, terminal }: Files): Promise<Change[]> {
  const { withoutPlugin, withoutProviders } = await loadEditor();
  const there = [settings, terminal].filter(({ before }) => before !== undefined);
  return Promise.all(
    there.map(async file => {
      const { after } = await change(file, text => withoutProviders(withoutPlugin(text)));
      return { file, after: after === file.initial && after !== file.before ? undefined : after };
    }),
  );
}

/** The library behind it is for this command alone. */
function loadEditor() {
  return import('../../hosts/opencode/configuration');
}

/** @throws UsageError which names the file and what is wrong with it */
async function change(file: ConfigurationFile, edit: (text: string) => string): Promise<Change> {
  const { OpencodeConfigurationError } = await loadEditor();
  const { path, before = file.initial, initial } = file;
  try {
    return { file, after: edit(before.trim() === '' ? initial : before) };
  } catch (error) {
    if (error instanceof OpencodeConfigurationError) {
      throw new UsageError(`${path} was left alone, because ${error.message}.`);
    }
    throw error;
  }
}

/** With the models of the account; without a login those that are known without asking. */
async function ownProvider(context: CommandContext, options: OpencodeOptions): Promise<OpencodeProviderConfig> {
  const kimi = await openKimi(context, options);
  const { service, state } = await kimi.auth.status();
  if (state === 'missing') {
    context.errors.text('Nobody is signed in, so these are the usual models, not those of an account.');
  }
  const models =
    state === 'missing'
      ? Object.keys(kimiModelCatalog[service]).map(id => knownModel(id, service))
      : await kimi.models();
  const place = {
    ...(service === 'coding' ? {} : { service }),
    ...(options.region === undefined ? {} : { region: options.region }),
    ...(options.account === undefined ? {} : { account: options.account }),
  };
  return {
    name: 'Kimi',
    npm: PACKAGE_NAME,
    ...(Object.keys(place).length === 0 ? {} : { options: place }),
    models: Object.fromEntries(models.map(model => [model.id, modelConfig(model, chargedPrice(model.id, service))])),
  };
}

/** Shows what would change, and asks. @throws UsageError where there is nobody to ask */
async function isAgreed(context: CommandContext, options: OpencodeOptions, changed: Change[]): Promise<boolean> {
  if (options.json !== true) {
    changed.forEach(one => showChange(context.output, one));
  }
  if (options.yes === true) {
    return true;
  }
  if (options.json === true || context.stdin.isTTY !== true) {
    throw new UsageError('Nothing was written, because there is nobody to ask here. Add --yes, or --print.');
  }
  return confirm(context, changed.length === 1 ? 'Write this file?' : 'Write these files?');
}

/** The lines that change, with their neighbours. */
function showChange(screen: Screen, { file: { path, before = '' }, after = '' }: Change): void {
  const [old, fresh] = [before, after].map(text => (text === '' ? [] : text.trimEnd().split(/\r?\n/))) as [
    string[],
    string[],
  ];
  const shorter = Math.min(old.length, fresh.length);
  let head = 0;
  while (head < shorter && old[head] === fresh[head]) {
    head++;
  }
  let tail = 0;
  while (tail < shorter - head && old.at(-1 - tail) === fresh.at(-1 - tail)) {
    tail++;
  }
  screen.line(styled(path, 'bold'));
  old.slice(Math.max(0, head - 2), head).forEach(line => screen.line(styled(`  ${line}`, 'dim')));
  old.slice(head, old.length - tail).forEach(line => screen.line(styled(`- ${line}`, 'red')));
  fresh.slice(head, fresh.length - tail).forEach(line => screen.line(styled(`+ ${line}`, 'green')));
  old.slice(old.length - tail, old.length - tail + 2).forEach(line => screen.line(styled(`  ${line}`, 'dim')));
  screen.line();
}

function tell(
  context: CommandContext,
  options: OpencodeOptions,
  { changed, isWritten, id }: { changed: Change[]; isWritten: boolean; id: string | undefined },
): void {
  const { output } = context;
  if (options.json === true) {
    printJSON(context, { files: changed.map(({ file }) => file.path), written: isWritten });
    return;
  }
  if (changed.length === 0) {
    output.text(options.undo === true ? 'There is nothing of Kimi in it.' : 'It is all there already.');
  } else if (!isWritten) {
    output.text('Nothing was written.');
  } else if (options.undo === true) {
    output.text('Taken out. A login that opencode has stays: "opencode auth logout" removes it.');
  } else if (id === undefined) {
    output.text(
      `Written. Sign in: "${OPENCODE_LOGIN}". Start: "opencode --model ${OPENCODE_PROVIDER}/kimi-for-coding".`,
    );
  } else {
    output.text(`Written. Start: "opencode --model ${id}/kimi-for-coding". It uses the login of this machine.`);
  }
}
