/** opencode's configuration files: JSON with comments, of which every byte but ours stays as it is. */
import {
  applyEdits,
  modify,
  parse,
  printParseErrorCode,
  type FormattingOptions,
  type JSONPath,
  type ParseError,
} from 'jsonc-parser';
import { isOwnPackage, PACKAGE_NAME } from './names';
import type { OpencodeProviderConfig } from './plugin-api';

/** What cannot be edited, and why, for its reader. */
export class OpencodeConfigurationError extends Error {}

/** Whether the package is listed as a plugin. @throws OpencodeConfigurationError */
export function hasPlugin(text: string): boolean {
  return ownPlugins(parsed(text)).length > 0;
}

/** The same text with the package among its plugins; the text itself where it is. @throws OpencodeConfigurationError */
export function withPlugin(text: string): string {
  // In front: behind the last entry stands, often, what is said of that one.
  return hasPlugin(text) ? text : edited(text, ['plugin', 0], PACKAGE_NAME, { isArrayInsertion: true });
}

/** The same text without the package among its plugins. @throws OpencodeConfigurationError */
export function withoutPlugin(text: string): string {
  const { plugin } = parsed(text);
  const own = ownPlugins({ plugin });
  if (own.length > 0 && own.length === (plugin as unknown[]).length) {
    return edited(text, ['plugin'], undefined);
  }
  return own.reduceRight((result, index) => edited(result, ['plugin', index], undefined), text);
}

/**
 * The same text with a provider that loads this package. One that is there keeps what is written in it, and gets the
 * models that it lacks.
 * @throws OpencodeConfigurationError
 */
export function withProvider(text: string, id: string, config: OpencodeProviderConfig): string {
  const written = providersOf(parsed(text))[id];
  if (written === undefined) {
    return edited(text, ['provider', id], config);
  }
  if (!isOwnPackage(written.npm)) {
    throw new OpencodeConfigurationError(`its provider "${id}" is of another package. Choose another id for ours`);
  }
  return Object.entries(config.models ?? {})
    .filter(([model]) => !(model in (written.models ?? {})))
    .reduce((result, [model, value]) => edited(result, ['provider', id, 'models', model], value), text);
}

/** The same text without the providers that load this package. @throws OpencodeConfigurationError */
export function withoutProviders(text: string): string {
  const providers = providersOf(parsed(text));
  const own = Object.keys(providers).filter(id => isOwnPackage(providers[id]?.npm));
  if (own.length > 0 && own.length === Object.keys(providers).length) {
    return edited(text, ['provider'], undefined);
  }
  return own.reduce((result, id) => edited(result, ['provider', id], undefined), text);
}

function ownPlugins({ plugin = [] }: Record<string, unknown>): number[] {
  if (!Array.isArray(plugin)) {
    throw new OpencodeConfigurationError('"plugin" is no list');
  }
  return plugin.flatMap((entry, index) => (isOwnPackage(Array.isArray(entry) ? entry[0] : entry) ? [index] : []));
}

function providersOf({ provider = {} }: Record<string, unknown>): Record<string, OpencodeProviderConfig> {
  if (!isObject(provider) || !Object.values(provider).every(isObject)) {
    throw new OpencodeConfigurationError('"provider" is no object of providers');
  }
  return provider as Record<string, OpencodeProviderConfig>;
}

function parsed(text: string): Record<string, unknown> {
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error !== undefined) {
    const before = text.slice(0, error.offset).split('\n');
    const where = `line ${before.length}, column ${(before.at(-1) as string).length + 1}`;
    throw new OpencodeConfigurationError(`it is no JSON: ${printParseErrorCode(error.error)} in ${where}`);
  }
  if (!isObject(value)) {
    throw new OpencodeConfigurationError('it holds no JSON object');
  }
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function edited(text: string, path: JSONPath, value: unknown, { isArrayInsertion = false } = {}): string {
  return applyEdits(text, modify(text, path, value, { isArrayInsertion, formattingOptions: formattingOf(text) }));
}

/** As the file is set already. */
function formattingOf(text: string): FormattingOptions {
  const indent = /\n([ \t]+)[^\s]/.exec(text)?.[1] ?? '  ';
  const insertSpaces = !indent.includes('\t');
  return { insertSpaces, tabSize: insertSpaces ? indent.length : 1, eol: text.includes('\r\n') ? '\r\n' : '\n' };
}
