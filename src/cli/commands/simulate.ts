import { InvalidArgumentError, Option } from 'commander';
import type { IdentityGate, KimiSimulator, SimulatorRuleRow } from '../../simulator/index';
import { oneOf, printJSON, type Command, type CommandContext, type CommonOptions } from '../command';
import { EXIT_CODES, UsageError } from '../failures';
import { styled } from '../terminal';
import { wrapText } from '../wording';

type SimulateOptions = CommonOptions & {
  port?: number | undefined;
  gate?: IdentityGate | undefined;
  /** Device logins wait for approval on their page. */
  ask?: boolean | undefined;
  lenient?: boolean | undefined;
  /** For somebody who looks at it first: two variables to set, answers at reading speed. */
  demo?: boolean | undefined;
  /** Print the rules instead of running. */
  rules?: boolean | undefined;
};

export const simulate: Command<SimulateOptions> = {
  name: 'simulate',
  description: 'Run a strict Kimi on this machine, for tests and offline work.',
  options: [
    new Option('--port <n>', 'port on 127.0.0.1 (default: a free one)').argParser(port),
    new Option('--gate <mode>', 'who may chat: named (default), known-agents, off').argParser(
      oneOf(['known-agents', 'named', 'off']),
    ),
    new Option('--demo', 'for a first look: two variables to set, answers at reading speed'),
    new Option('--ask', 'logins wait until you approve them on their page'),
    new Option('--lenient', 'answer what Kimi would refuse'),
    new Option('--rules', 'print every answer and refusal with its source'),
  ],
  run: runSimulator,
};

/** Between two pieces of an answer of `--demo`, of some letters each. */
const READING_MS = 40;

/** Runs the simulator until Ctrl-C, which is its usual end and so no failure. */
async function runSimulator(context: CommandContext, options: SimulateOptions): Promise<number> {
  const { startKimiSimulator, SIMULATOR_RULES } = await import('../../simulator/index');
  const { port, gate, ask, lenient, demo, json } = options;
  if (options.rules === true) {
    if (json === true) {
      context.output.json(SIMULATOR_RULES, 2);
    } else {
      context.output.print(`${formatRules(SIMULATOR_RULES)}\n`);
    }
    return EXIT_CODES.ok;
  }
  const simulator = await startKimiSimulator({
    ...(port === undefined ? {} : { port }),
    ...(gate === undefined ? {} : { gate }),
    autoApprove: ask !== true,
    strict: lenient !== true,
    ...(demo === true ? { chunkDelayMs: READING_MS } : {}),
  }).catch((error: NodeJS.ErrnoException) => {
    const isTaken = error.code === 'EADDRINUSE';
    throw isTaken
      ? new UsageError(`Port ${port} is in use. Choose another one with --port, or none for a free one.`)
      : error;
  });
  tellHowToReach(context, simulator, options);
  await new Promise<void>(resolve => {
    context.abortSignal.addEventListener('abort', () => resolve(), { once: true });
    if (context.abortSignal.aborted) {
      resolve();
    }
  });
  await simulator.close();
  return EXIT_CODES.ok;
}

function tellHowToReach(context: CommandContext, simulator: KimiSimulator, { ask, demo, json }: SimulateOptions): void {
  const { url, apiBaseURL, oauthHost, platformBaseURL, platformAnthropicURL } = simulator;
  const anthropicURL = `${url}/coding`;
  if (json === true) {
    printJSON(context, {
      url,
      apiBaseURL,
      oauthHost,
      platformBaseURL,
      anthropicURL,
      platformAnthropicURL,
      apiKeys: { coding: 'sk-kimi-simulator', platform: 'sk-simulator' },
    });
  } else {
    const { output: screen } = context;
    const title = [styled('Kimi simulator', 'bold'), ' on ', styled(url, 'cyan')];
    screen.line(...title, ' ', styled('(Ctrl-C stops it)', 'dim'));
    screen.line();
    if (demo === true) {
      tellDemo(context, apiBaseURL);
      return;
    }
    screen.text('Point this command, an app or an official client at it:', { indent: 2 });
    screen.line(`  export KIMI_CODE_BASE_URL=${apiBaseURL}`);
    screen.line(`  export KIMI_CODE_OAUTH_HOST=${oauthHost}`);
    screen.line(`  export MOONSHOT_BASE_URL=${platformBaseURL}`);
    screen.line();
    screen.fields([
      ['Key', `sk-kimi-simulator at ${apiBaseURL}`],
      ['Platform', `sk-simulator at ${platformBaseURL}`],
      ['Anthropic', `${anthropicURL} and ${platformAnthropicURL}, with the same keys`],
      ['Login', ask === true ? 'waits for you on its page' : 'confirmed at once'],
    ]);
  }
}

/** What is enough for a first stream, in the words of the shell that is likely there. */
function tellDemo({ output: screen, platform }: CommandContext, apiBaseURL: string): void {
  const set = (name: string, value: string): string =>
    platform === 'win32' ? `$env:${name} = '${value}'` : `export ${name}=${value}`;
  screen.text('In another terminal:', { indent: 2 });
  screen.line(`  ${set('KIMI_CODE_BASE_URL', apiBaseURL)}`);
  screen.line(`  ${set('KIMI_API_KEY', 'sk-kimi-simulator')}`);
  screen.line();
  screen.text('Then run your script there, or:', { indent: 2 });
  screen.line('  npx ai-sdk-provider-kimi ask "Why is the sky blue?"');
}

function port(value: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number > 65_535) {
    throw new InvalidArgumentError('A port is a number from 0 to 65535.');
  }
  return number;
}

/** Wider than prose: a row has six columns. */
const RULES_WIDTH = 100;
const HEAD = ['rule', 'answer', 'wire', 'confidence', 'text', 'official client'];

const INTRODUCTION = [
  'Every answer and refusal of the simulator, and why we believe that Kimi does the same.',
  'confidence: "captured" seen on the wire; "read in source" in an official client; "reported" by others in public; ' +
    '"assumed" by nobody, the simulator had to do something.',
  'wire: of a rule of the body, where it is asked: "chat" completions, Anthropic "messages", or both.',
  'text: "real" as someone saw it, or "ours".',
  'official client: what @moonshot-ai/kimi-code 2.1.0 showed in "npm run test:official". "gets": it got this ' +
    'and went on as with Kimi. ' +
    '"passes": it sent what the rule looks at and was not refused, which says that the rule is not too strict, ' +
    'not that Kimi refuses ' +
    'the rest. "-": the row is only as good as its source.',
];

/** The rules as aligned plain text, at most 100 columns wide. */
function formatRules(rows: readonly SimulatorRuleRow[]): string {
  const table = [HEAD, ...rows.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...table.map(row => (row[column] as string).length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] as number))
      .join('  ')
      .trimEnd();
  const blocks = rows.map((row, index) => [
    line(table[index + 1] as string[]),
    ...wrap(row.summary, '    '),
    ...(row.text === undefined ? [] : wrap(row.text, '    text:   ')),
    ...wrap(row.source, '    source: '),
  ]);
  return [
    ...INTRODUCTION.flatMap(text => wrap(text, '')),
    '',
    line(HEAD),
    '-'.repeat(RULES_WIDTH),
    ...blocks.map(block => block.join('\n')),
  ].join('\n');
}

function cells({ rule, kind, status, wires, confidence, wording, officialClient }: SimulatorRuleRow): string[] {
  return [
    rule,
    kind === 'notice' ? 'notice' : String(status ?? kind),
    wires === undefined ? '-' : wires.length > 1 ? 'both' : String(wires[0]),
    confidence,
    wording ?? '-',
    officialClient ?? '-',
  ];
}

/** `lead` before the first line, as much room before the others. */
function wrap(text: string, lead: string): string[] {
  const indent = ' '.repeat(lead.length);
  return wrapText(text, RULES_WIDTH - lead.length).map((line, index) => (index === 0 ? lead : indent) + line);
}
