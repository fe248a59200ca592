import { Option } from 'commander';
import type { ModelInfo } from '../../models/model-info';
import type { ModelResolution } from '../../models/resolve-model';
import { nonEmpty, printJSON, type Command, type CommandContext } from '../command';
import { EXIT_CODES } from '../failures';
import { loginOptions, openKimi, remedyOf, type LoginOptions } from '../login-choice';
import { shortenHome } from '../wording';
import { progressForPeople, styled, type Cell, type Screen } from '../terminal';

type ModelsOptions = LoginOptions & {
  /** Say what this id means for the account instead of listing. */
  explain?: string | undefined;
};

export const models: Command<ModelsOptions> = {
  name: 'models',
  description: "List the account's models, in the server's order.",
  options: [
    new Option('--explain <id>', 'say what an id means for this account').argParser(nonEmpty),
    ...loginOptions('all'),
  ],
  run: listModels,
};

/** The models of the account, in server order; the first is the server's default (docs/wire.md#choice-of-slug). */
async function listModels(context: CommandContext, options: ModelsOptions): Promise<number> {
  const { requestModels } = await import('../request-models');
  const { auth } = await openKimi(context, options);
  const endpoints = await auth.status();
  const progress = await progressForPeople(context, options);
  progress?.show('Asking Kimi');
  let list: ModelInfo[];
  try {
    const remedy = remedyOf(context, options, endpoints);
    const { abortSignal } = context;
    const secret = await auth.getAccessToken({ abortSignal });
    list = await requestModels(
      endpoints,
      { fetch: auth.fetch, source: shortenHome(endpoints.source), secret, remedy },
      abortSignal,
    );
  } finally {
    progress?.stop();
  }
  if (options.explain !== undefined) {
    const { resolveModel } = await import('../../models/resolve-model');
    const resolution = resolveModel(options.explain, { models: list, source: 'server' }, endpoints.service);
    showResolution(context, resolution, options);
    return resolution.outcome === 'resolved' ? EXIT_CODES.ok : EXIT_CODES.failure;
  }
  if (options.json === true) {
    printJSON(context, { models: list.map(asJSON) });
  } else {
    await showList(context.output, list);
  }
  return EXIT_CODES.ok;
}

function asJSON(model: ModelInfo, index: number): Record<string, unknown> {
  return {
    id: model.id,
    name: model.displayName ?? model.id,
    default: index === 0,
    contextLength: model.contextLength,
    thinking: model.thinking,
    efforts: model.efforts ?? [],
    defaultEffort: model.defaultEffort ?? null,
    inputs: inputsOf(model),
    protocol: model.protocol,
  };
}

function showResolution(context: CommandContext, resolution: ModelResolution, { json }: ModelsOptions): void {
  if (json === true) {
    const { id, outcome, slug, protocol, capabilities, why, usable } = resolution;
    printJSON(context, { id, outcome, slug, protocol, capabilities, why, usable });
    return;
  }
  const { output: screen } = context;
  screen.text(`${resolution.id}: ${resolution.outcome}`, { style: 'bold' });
  screen.fields([
    ['Sent as', resolution.outcome === 'unknown' ? undefined : resolution.slug],
    ['Protocol', resolution.protocol],
    ...(resolution.outcome === 'unknown' ? [] : capabilityFields(resolution.capabilities)),
    ['Why', resolution.why],
    ['Usable', resolution.usable.join(', ')],
  ]);
}

function capabilityFields(model: ModelInfo): Array<[string, string]> {
  return [
    ['Context', tokens(model.contextLength)],
    ['Thinking', effortsOf(model)],
    ['Input', inputsOf(model).join(' ')],
    ['Tools', model.toolUse ? (model.dynamicTools ? 'yes, dynamic too' : 'yes') : 'no'],
  ];
}

async function showList(screen: Screen, list: readonly ModelInfo[]): Promise<void> {
  const { symbols } = screen;
  if (list.length === 0) {
    screen.text('The account has no models.', { sign: styled(symbols.warning, 'yellow') });
    return;
  }
  const rows = list.map((model, index) => ({
    title: [styled(index === 0 ? '*' : ' ', 'green'), ' ', styled(model.id, 'bold')],
    name: model.displayName === model.id ? undefined : model.displayName,
    context: tokens(model.contextLength),
    efforts: effortsOf(model),
    // Every model reads text: named only where there is nothing else.
    inputs: inputsOf(model).slice(1).join(' ') || 'text',
    protocol: model.protocol,
  }));
  const isShown = await screen.table(
    ['  Model', 'Context', 'Thinking', 'Input', 'Protocol'],
    rows.map(({ title, name, context, efforts, inputs, protocol }): Cell[] => [
      { lines: [title, ...(name === undefined ? [] : [['  ', styled(name, 'dim')]])] },
      { lines: [[context]], align: 'right' },
      ...[efforts, inputs, protocol].map(text => ({ lines: [[text]] })),
    ]),
  );
  for (const { title, name, context, efforts, inputs, protocol } of isShown ? [] : rows) {
    screen.line(...title);
    screen.fields([
      ['Name', name],
      ['Context', context],
      ['Thinking', efforts],
      ['Input', inputs],
      ['Protocol', protocol],
    ]);
  }
  screen.line();
  screen.text("* the server's default", { style: 'dim' });
}

export function effortsOf({ thinking, efforts, defaultEffort }: ModelInfo): string {
  if (efforts !== undefined) {
    const levels = efforts.map(effort => (effort === defaultEffort ? `${effort}*` : effort));
    return [...(thinking === 'both' ? ['off'] : []), ...levels].join(' ');
  }
  return { only: 'always', both: 'on/off', no: 'none' }[thinking];
}

export function inputsOf({ imageInput, videoInput }: ModelInfo): string[] {
  return ['text', ...(imageInput ? ['image'] : []), ...(videoInput ? ['video'] : [])];
}

/** `262144` as `256k`, `1048576` as `1M`: windows are powers of two. */
export function tokens(count: number): string {
  return count % 1_048_576 === 0 ? `${count / 1_048_576}M` : `${Math.round(count / 1024)}k`;
}
