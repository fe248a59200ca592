import type { LanguageModelV4StreamPart } from '@ai-sdk/provider';
import { outputScreen, printJSON, type CommandContext } from './command-context';
import { printableText } from './terminal/printable-text';

/** Takes the parts of a streamed answer as they come. */
export type AnswerPrinter = { take(part: LanguageModelV4StreamPart): void; end(): void };

/** `--json`: one object a line: `thinking` and `text` as they come, at the end `finish` with usage. */
export function jsonAnswerPrinter(context: CommandContext, model: string): AnswerPrinter {
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
        });
      }
    },
    end() {},
  };
}

/**
 * For people: on a terminal the thinking, dimmed, or under a heading where there is no colour, then the answer. A pipe
 * gets the answer alone, byte for byte.
 */
export function textAnswerPrinter(context: CommandContext): AnswerPrinter {
  const { isTTY, colours } = outputScreen(context);
  const { stdout } = context;
  let section: 'none' | 'thinking' | 'text' = 'none';
  let last = '\n';

  const write = (text: string, style: (text: string) => string = String): void => {
    if (text !== '') {
      stdout.write(style(text));
      last = text.at(-1) ?? last;
    }
  };
  const enter = (next: 'thinking' | 'text', heading: string): void => {
    if (section === next) {
      return;
    }
    if (section !== 'none') {
      write(last === '\n' ? '\n' : '\n\n');
    }
    if (isTTY && !colours.isColorSupported && (next === 'thinking' || section === 'thinking')) {
      write(`${heading}:\n`);
    }
    section = next;
  };
  return {
    take(part) {
      if (part.type === 'reasoning-delta' && isTTY) {
        enter('thinking', 'Thinking');
        write(printableText(part.delta), colours.dim);
      } else if (part.type === 'text-delta') {
        enter('text', 'Answer');
        write(isTTY ? printableText(part.delta) : part.delta);
      }
    },
    end() {
      if (last !== '\n') {
        stdout.write('\n');
      }
    },
  };
}
