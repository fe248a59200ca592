import type { LanguageModelV4StreamPart, SharedV4Warning } from '@ai-sdk/provider';
import { Option } from 'commander';
import type { KimiProviderMetadata } from '../../engine/metadata';
import { KimiInvalidArgumentError } from '../../errors/kimi-error';
import type { KimiCost } from '../../models/estimate-cost';
import { attachedPart, type AttachmentKind } from '../attachments';
import { nonEmpty, printJSON, type Command, type CommandContext } from '../command';
import { EXIT_CODES, UsageError } from '../failures';
import { loginOptions, openKimi, type LoginOptions } from '../login-choice';
import { readPipedInput } from '../read-input';
import { styled } from '../terminal';

type AskOptions = LoginOptions & {
  model?: string | undefined;
  /** As `providerOptions.kimi.reasoningEffort`. */
  effort?: string | undefined;
  /** Paths and addresses. */
  attach?: readonly string[] | undefined;
  image?: readonly string[] | undefined;
  video?: readonly string[] | undefined;
  file?: readonly string[] | undefined;
};

export const ask: Command<AskOptions> = {
  name: 'ask',
  description: 'Stream an answer. What is piped in is added to the prompt.',
  words: ['[prompt...]', 'the question'],
  options: [
    new Option('-m, --model <id>', 'which model (see "models")').argParser(nonEmpty),
    new Option('-e, --effort <level>', 'off, on, low, medium, high, max, or what "models" shows').argParser(nonEmpty),
    new Option('-a, --attach <file|url>', 'picture, video, text or page; may be repeated').argParser(repeated),
    new Option('-i, --image <file|url>', 'a picture; may be repeated').argParser(repeated),
    new Option('--video <file|url>', 'a video; may be repeated').argParser(repeated),
    new Option('-f, --file <file|url>', 'text or a page; may be repeated').argParser(repeated),
    ...loginOptions('all'),
  ],
  run: streamAnswer,
};

function repeated(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, nonEmpty(value)];
}

function attachmentsOf({ attach = [], image = [], video = [], file = [] }: AskOptions) {
  const all = (places: readonly string[], wanted: AttachmentKind | undefined) =>
    places.map(place => ({ place, wanted }));
  return [...all(attach, undefined), ...all(image, 'image'), ...all(video, 'video'), ...all(file, 'text')];
}

/** The services' own defaults (docs/decisions.md#29-no-effort-list; docs/wire.md#known-models). */
const DEFAULT_MODELS = { coding: 'kimi-for-coding', platform: 'kimi-k3' } as const;

/** One question, one streamed answer. What is piped in comes after the words of the command line. */
async function streamAnswer(context: CommandContext, options: AskOptions, words: readonly string[]): Promise<number> {
  const { abortSignal } = context;
  const question = await readQuestion(context, words);
  const modelId = options.model ?? DEFAULT_MODELS[options.service ?? 'coding'];
  const kimi = await openKimi(context, options);
  const model = kimi(modelId);
  const isForPeople = options.json !== true && context.output.isTTY;
  const progress = isForPeople ? await context.startProgress() : undefined;
  const printer = options.json === true ? jsonAnswerPrinter(context, modelId) : await textAnswerPrinter(context);
  let finish: Finish | undefined;

  try {
    const attached = [];
    for (const { place, wanted } of attachmentsOf(options)) {
      progress?.show(`Attaching ${place}`);
      attached.push(await attachedPart(kimi, place, abortSignal, wanted));
    }
    const content = [...attached, { type: 'text' as const, text: question }];
    progress?.show('Waiting for Kimi');
    const { stream } = await model.doStream({
      prompt: [{ role: 'user', content }],
      abortSignal,
      ...(options.effort === undefined ? {} : { providerOptions: { kimi: { reasoningEffort: options.effort } } }),
    });
    for await (const part of stream as ReadableStream<LanguageModelV4StreamPart> &
      AsyncIterable<LanguageModelV4StreamPart>) {
      if (part.type === 'error') {
        throw part.error;
      }
      if (part.type === 'reasoning-delta' || part.type === 'text-delta') {
        progress?.stop();
      }
      if (part.type === 'stream-start' && options.json !== true) {
        part.warnings.forEach(warning => warn(context, warning));
      }
      finish = part.type === 'finish' ? part : finish;
      await printer.take(part);
    }
  } catch (error) {
    const isEffort = KimiInvalidArgumentError.isInstance(error) && error.argument.endsWith('.reasoningEffort');
    throw isEffort ? new UsageError(error.message.replace(error.argument, '--effort')) : error;
  } finally {
    progress?.stop();
    await printer.end();
  }
  abortSignal.throwIfAborted();
  if (options.json !== true) {
    closing(context, finish, isForPeople);
  }
  return EXIT_CODES.ok;
}

/** @throws UsageError where nothing was asked */
async function readQuestion(context: CommandContext, words: readonly string[]): Promise<string> {
  const piped = await readPipedInput(context);
  const question = [words.join(' ').trim(), piped?.trim() ?? ''].filter(text => text !== '').join('\n\n');
  if (question === '') {
    throw new UsageError(
      'Nothing was asked. Try: npx ai-sdk-provider-kimi ask "What is a monad?" or pipe text into it.',
    );
  }
  return question;
}

/** Takes the parts of a streamed answer as they come. */
type AnswerPrinter = {
  take(part: LanguageModelV4StreamPart): void | Promise<void>;
  end(): void | Promise<void>;
};

/** `--json`: one object a line: `thinking` and `text` as they come, at the end `finish` with usage and cost. */
function jsonAnswerPrinter(context: CommandContext, model: string): AnswerPrinter {
  return {
    take(part) {
      if (part.type === 'reasoning-delta' || part.type === 'text-delta') {
        printJSON(context, { type: part.type === 'text-delta' ? 'text' : 'thinking', text: part.delta });
      } else if (part.type === 'stream-start') {
        part.warnings.forEach(warning => printJSON(context, { type: 'warning', warning }));
      } else if (part.type === 'finish') {
        const { inputTokens, outputTokens } = part.usage;
        printJSON(context, {
          type: 'finish',
          model,
          reason: part.finishReason.unified,
          usage: {
            input: inputTokens.total ?? null,
            cached: inputTokens.cacheRead ?? null,
            output: outputTokens.total ?? null,
            thinking: outputTokens.reasoning ?? null,
          },
          cost: costOf(part) ?? null,
        });
      }
    },
    end() {},
  };
}

/**
 * For people: on a terminal with colours Markdown as styles; on any terminal the thinking, dimmed, or under a
 * heading where there is no colour, then the answer. A pipe
 * gets the answer alone. Neither gets what steers a terminal, for a pipe often ends in one (docker, ssh, tee); `--json`
 * has every byte (docs/decisions.md#58-what-a-terminal-is-shown).
 */
async function textAnswerPrinter({ output }: CommandContext): Promise<AnswerPrinter> {
  const { isTTY, hasColours } = output;
  // Without colour its signs are all that Markdown has.
  const markdown = hasColours ? await (await import('../markdown')).markdownPrinter(output) : undefined;
  let write = output.stream();
  let section: 'none' | 'thinking' | 'text' = 'none';
  let last = '\n';

  const enter = (next: 'thinking' | 'text', heading: string): void => {
    if (section === next) {
      return;
    }
    write = output.stream();
    if (section !== 'none') {
      output.print(last === '\n' ? '\n' : '\n\n');
    }
    if (isTTY && !hasColours && (next === 'thinking' || section === 'thinking')) {
      output.line(`${heading}:`);
    }
    section = next;
    last = '\n';
  };
  return {
    async take(part) {
      if (part.type === 'reasoning-delta' && isTTY) {
        enter('thinking', 'Thinking');
        last = write(part.delta, 'dim').at(-1) ?? last;
      } else if (part.type === 'text-delta') {
        enter('text', 'Answer');
        if (markdown !== undefined) {
          return markdown.write(part.delta);
        }
        last = write(part.delta).at(-1) ?? last;
      }
    },
    async end() {
      await markdown?.end();
      if (last !== '\n') {
        output.line();
      }
    },
  };
}

function warn({ errors }: CommandContext, warning: SharedV4Warning): void {
  const said = 'message' in warning ? warning.message : 'details' in warning ? warning.details : undefined;
  const subject = 'feature' in warning ? warning.feature : 'a setting';
  errors.text(said ?? `${warning.type}: ${subject}`, { sign: styled(errors.symbols.warning, 'yellow'), style: 'dim' });
}

type Finish = Extract<LanguageModelV4StreamPart, { type: 'finish' }>;

function costOf(finish: Finish): KimiCost | undefined {
  return (finish.providerMetadata?.kimi as KimiProviderMetadata | undefined)?.cost;
}

/** Why it stopped, where that is not the usual end, and on a terminal what it took. */
function closing(context: CommandContext, finish: Finish | undefined, isForPeople: boolean): void {
  const { text, line, symbols } = context.errors;
  const reason = finish?.finishReason.unified;
  if (reason === 'length') {
    text('The answer was cut: the model reached its output limit.', { sign: styled(symbols.warning, 'yellow') });
  } else if (reason === 'content-filter') {
    text("The answer was cut by Kimi's content filter.", { sign: styled(symbols.warning, 'yellow') });
  }
  if (isForPeople && finish?.usage.inputTokens.total !== undefined && finish.usage.outputTokens.total !== undefined) {
    const { inputTokens, outputTokens } = finish.usage;
    const cached = inputTokens.cacheRead ? ` (${inputTokens.cacheRead} cached)` : '';
    const thinking = outputTokens.reasoning ? ` (${outputTokens.reasoning} thinking)` : '';
    line();
    const cost = costWords(costOf(finish));
    text(`${inputTokens.total} tokens in${cached}, ${outputTokens.total} out${thinking}${cost}`, { style: 'dim' });
  }
}

/** Two significant digits, as an estimate has. */
function costWords(cost: KimiCost | undefined): string {
  if (cost === undefined) {
    return '';
  }
  const list = `about $${cost.list.toLocaleString('en-US', { maximumSignificantDigits: 2 })}`;
  return cost.amount === 0 && cost.list > 0 ? `; on the plan, ${list} by list price` : `; ${list}`;
}
