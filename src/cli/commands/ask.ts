import type { LanguageModelV4StreamPart, LanguageModelV4Usage, SharedV4Warning } from '@ai-sdk/provider';
import { KimiInvalidArgumentError } from '../../errors/kimi-invalid-argument-error';
import { jsonAnswerPrinter, textAnswerPrinter } from '../answer-printer';
import { errorScreen, type CommandContext } from '../command-context';
import { EXIT_CODES } from '../exit-codes';
import { openKimi, type LoginOptions } from '../open-kimi';
import { readImage } from '../read-image';
import { readPipedInput } from '../read-input';
import { startProgress } from '../terminal/start-progress';
import { UsageError } from '../usage-error';

export type AskOptions = LoginOptions & {
  model?: string | undefined;
  /** As `providerOptions.kimi.reasoningEffort`. */
  effort?: string | undefined;
  /** Paths. */
  image?: readonly string[] | undefined;
};

/** The services' own defaults (decisions.md 29; wire.md 12). */
const DEFAULT_MODELS = { coding: 'kimi-for-coding', platform: 'kimi-k3' } as const;

/** One question, one streamed answer. What is piped in comes after the words of the command line. */
export async function ask(context: CommandContext, words: readonly string[], options: AskOptions): Promise<number> {
  const { abortSignal } = context;
  const piped = await readPipedInput(context);
  const question = [words.join(' ').trim(), piped?.trim() ?? ''].filter(text => text !== '').join('\n\n');
  if (question === '') {
    throw new UsageError(
      'Nothing was asked. Try: npx ai-sdk-provider-kimi ask "What is a monad?" or pipe text into it.',
    );
  }
  const images = await Promise.all((options.image ?? []).map(path => readImage(path)));
  const modelId = options.model ?? DEFAULT_MODELS[options.service ?? 'coding'];
  const model = openKimi(context, options)(modelId);
  const isForPeople = options.json !== true && context.stdout.isTTY === true;
  const progress = isForPeople ? startProgress(context) : undefined;
  const printer = options.json === true ? jsonAnswerPrinter(context, modelId) : textAnswerPrinter(context);
  let finish: Extract<LanguageModelV4StreamPart, { type: 'finish' }> | undefined;

  progress?.show('Waiting for Kimi');
  try {
    const { stream } = await model.doStream({
      prompt: [
        {
          role: 'user',
          content: [
            ...images.map(({ mediaType, data }) => ({
              type: 'file' as const,
              mediaType,
              data: { type: 'data' as const, data },
            })),
            { type: 'text', text: question },
          ],
        },
      ],
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
      printer.take(part);
    }
  } catch (error) {
    const isEffort = KimiInvalidArgumentError.isInstance(error) && error.argument.endsWith('.reasoningEffort');
    throw isEffort ? new UsageError(error.message.replace(error.argument, '--effort')) : error;
  } finally {
    progress?.stop();
    printer.end();
  }
  abortSignal.throwIfAborted();
  if (options.json !== true) {
    closing(context, finish?.finishReason.unified, isForPeople ? finish?.usage : undefined);
  }
  return EXIT_CODES.ok;
}

function warn(context: CommandContext, warning: SharedV4Warning): void {
  const { text, colours, symbols } = errorScreen(context);
  const said = 'message' in warning ? warning.message : 'details' in warning ? warning.details : undefined;
  const subject = 'feature' in warning ? warning.feature : 'a setting';
  text(said ?? `${warning.type}: ${subject}`, { sign: colours.yellow(symbols.warning), style: colours.dim });
}

/** Why it stopped, where that is not the usual end, and on a terminal what it took. */
function closing(context: CommandContext, reason: string | undefined, usage: LanguageModelV4Usage | undefined): void {
  const { text, line, colours, symbols } = errorScreen(context);
  if (reason === 'length') {
    text('The answer was cut: the model reached its output limit.', { sign: colours.yellow(symbols.warning) });
  } else if (reason === 'content-filter') {
    text("The answer was cut by Kimi's content filter.", { sign: colours.yellow(symbols.warning) });
  }
  if (usage?.inputTokens.total !== undefined && usage.outputTokens.total !== undefined) {
    const { inputTokens, outputTokens } = usage;
    const cached = inputTokens.cacheRead ? ` (${inputTokens.cacheRead} cached)` : '';
    const thinking = outputTokens.reasoning ? ` (${outputTokens.reasoning} thinking)` : '';
    line();
    text(`${inputTokens.total} tokens in${cached}, ${outputTokens.total} out${thinking}`, { style: colours.dim });
  }
}
