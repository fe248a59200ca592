import { createLog, loggerSink, type Log, type LogNumbers, type LogSink } from '../log/log';
import { readVariables, type Variables } from './environment';
import type { KimiProviderSettings } from './kimi-provider-settings';

/** The variable that prints every entry on stderr, or on the console where there is no stderr. */
const VARIABLE = 'KIMI_DEBUG';

/** Opens the logs of one provider: none, where neither the setting `logger` nor `KIMI_DEBUG` asks for one. */
export class ProviderLog {
  private readonly settings: KimiProviderSettings;
  private readonly variables: Variables;
  private readonly numbers: LogNumbers = { call: 0, request: 0 };

  constructor(settings: KimiProviderSettings, variables: Variables) {
    this.settings = settings;
    this.variables = variables;
  }

  /**
   * A log whose entries carry the number of one call.
   * @param debug the variable, as the call has read it
   * @param secrets the credentials that the call has sent so far
   */
  forCall(debug: string | undefined, secrets: Iterable<string>): Log | undefined {
    const sinks = this.sinks(debug);
    return sinks.length === 0 ? undefined : createLog(sinks, this.numbers, { number: ++this.numbers.call, secrets });
  }

  /** For what calls share, such as a login. */
  readonly shared = (): Log | undefined => {
    const sinks = this.sinks(readVariables(this.variables, [VARIABLE])[0]);
    return sinks.length === 0 ? undefined : createLog(sinks, this.numbers);
  };

  private sinks(debug: string | undefined): LogSink[] {
    const { logger } = this.settings;
    return [
      ...(logger === undefined ? [] : [loggerSink(logger)]),
      ...(debug && !/^(0|false|off|no)$/i.test(debug) ? [printed] : []),
    ];
  }
}

const printed: LogSink = (level, message) => {
  const line = `${new Date().toISOString()} ${level} ${message}`;
  // Loaded long ago, by the call that is told of.
  void import('#platform').then(({ printDebug }) => printDebug(line));
};
