/**
 * What a provider tells of its work, where somebody listens: the `logger` setting, or `KIMI_DEBUG=1`. Where nobody does
 * there is no log at all, so that `log?.debug(…)` costs a comparison. No prompt, no answer, no credential is told
 * (docs/decisions.md#59-logger).
 */
import { APICallError } from '@ai-sdk/provider';
import { hideSecrets } from '../errors/hide-secrets';
import { KimiError, KimiInvalidArgumentError } from '../errors/kimi-error';
import { printableLine } from '../errors/printable-text';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** From the least important to the most. */
export type KimiLogLevel = (typeof LEVELS)[number];

/** What one entry says besides its name. `undefined` is left out. */
export type KimiLogDetails = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/**
 * Where entries go: `console`, pino, winston, consola or your own. Each gets the entry as one line of text
 * (`kimi response: call=1 request=2 status=200 ms=412`), for loggers that take nothing else, and its details as an
 * object. What it throws or rejects with is dropped: a logger never ends a call.
 */
export type KimiLogger = Readonly<Record<KimiLogLevel, (message: string, details: KimiLogDetails) => unknown>>;

/** The writing side. */
export type Log = Readonly<Record<KimiLogLevel, (event: string, details?: KimiLogDetails) => void>> & {
  /** The number of the next request of this provider. */
  nextRequest(): number;
};

/** Numbers of one provider, so that entries of concurrent calls can be told apart. */
export type LogNumbers = { call: number; request: number };

/** Takes an entry as one line, and what is in it. */
export type LogSink = (level: KimiLogLevel, message: string, details: KimiLogDetails) => void;

/** What the log of a call knows besides. */
export type CallOfLog = {
  number: number;
  /** The credentials that were sent so far. */
  secrets: Iterable<string>;
};

/** @param sinks where entries go */
export function createLog(sinks: readonly LogSink[], numbers: LogNumbers, call?: CallOfLog): Log {
  const writer =
    (level: KimiLogLevel) =>
    (event: string, details: KimiLogDetails = {}) => {
      const given = Object.entries({ call: call?.number, ...details }).filter(([, value]) => value !== undefined);
      const shown: KimiLogDetails = printable(hideSecrets(Object.fromEntries(given), { secrets: call?.secrets }));
      const fields = Object.entries(shown).map(([name, value]) => ` ${name}=${fieldOf(value)}`);
      sinks.forEach(sink => sink(level, `kimi ${event}:${fields.join('')}`, { event, ...shown }));
    };
  return {
    ...(Object.fromEntries(LEVELS.map(level => [level, writer(level)])) as Record<KimiLogLevel, Log['debug']>),
    nextRequest: () => ++numbers.request,
  };
}

/** A user's logger, which may fail as it likes. */
export function loggerSink(logger: KimiLogger): LogSink {
  return (level, message, details) => {
    try {
      // With a second argument `console` and pino take the first one for a format.
      const result = logger[level](message.replaceAll('%', '%%'), details);
      if (typeof (result as PromiseLike<unknown> | undefined)?.then === 'function') {
        (result as PromiseLike<unknown>).then(undefined, () => undefined);
      }
    } catch {
      // A logger never ends a call, and there is nobody else to be told.
    }
  };
}

function printable(details: Readonly<Record<string, KimiLogDetails[string]>>): KimiLogDetails {
  const shown = Object.entries(details).map(([name, value]) => [
    name,
    typeof value === 'string' ? printableLine(value) : Array.isArray(value) ? value.map(printableLine) : value,
  ]);
  return Object.fromEntries(shown) as KimiLogDetails;
}

function fieldOf(value: KimiLogDetails[string]): string {
  const text = Array.isArray(value) ? value.join(',') : String(value);
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}

/**
 * What is told of an error. The message only of our own, which hold no secret and no prompt; a user's `fetch` may say
 * anything.
 */
export function errorDetails(error: unknown): KimiLogDetails {
  if (!(error instanceof Error)) {
    return { error: typeof error };
  }
  const { name, code } = error as Error & { code?: unknown };
  const isOurs = KimiError.isInstance(error) || (typeof code === 'string' && code.startsWith('KIMI_'));
  const status = APICallError.isInstance(error) ? error.statusCode : undefined;
  return {
    error: name,
    code: typeof code === 'string' ? code : undefined,
    status,
    message: isOurs ? error.message : undefined,
  };
}

/** @throws KimiInvalidArgumentError for what cannot be logged to */
export function checkLogger(logger: unknown): void {
  const missing = LEVELS.filter(level => typeof (logger as KimiLogger | null | undefined)?.[level] !== 'function');
  if (logger !== undefined && missing.length > 0) {
    throw new KimiInvalidArgumentError({
      argument: 'logger',
      message:
        `The setting "logger" must have the functions ${LEVELS.join(', ')}, as console and pino have; ` +
        `this one has no ${missing.join(', ')}.`,
    });
  }
}
