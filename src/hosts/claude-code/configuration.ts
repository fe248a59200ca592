/** What Claude Code's configuration folder holds, as far as it is made here. Pure: texts in, texts out. */
import { isForeignVariable, type Variables } from './variables';

type JSONObject = { [key: string]: unknown };

/** Files of a configuration folder (docs/wire.md#claude-code-configuration). */
export const SETTINGS_FILE = 'settings.json';
export const STATE_FILE = '.claude.json';
export const KEYBINDINGS_FILE = 'keybindings.json';
/** Own themes, a file each, which `theme` may name. */
export const THEMES_FOLDER = 'themes';

/**
 * Settings that belong to the user's other account: how to sign in, and which models there are. With a list of models
 * Claude Code asks for one of another vendor instead (docs/wire.md#claude-code-configuration).
 */
const OF_THE_OTHER_ACCOUNT = [
  'apiKeyHelper',
  'model',
  'availableModels',
  'modelOverrides',
  'forceLoginMethod',
  'forceLoginOrgUUID',
  'awsAuthRefresh',
  'awsCredentialExport',
  'gcpAuthRefresh',
];

/** The user's settings without what belongs to another account; `undefined` for what are no settings. */
export function takenSettings(text: string): string | undefined {
  const settings = parseObject(text);
  if (settings === undefined) {
    return undefined;
  }
  const taken = without(settings, key => OF_THE_OTHER_ACCOUNT.includes(key));
  return formatted(isObject(taken.env) ? { ...taken, env: without(taken.env, isForeignVariable) } : taken);
}

/** The settings of a folder, with the command that gives the token, or without one. `undefined`: they are as wanted. */
export function withHelper(text: string | undefined, helper: string | undefined): string | undefined {
  const settings = text === undefined || text.trim() === '' ? {} : parseObject(text);
  // A person's file with a slip in it is left as it is: Claude Code says what is wrong.
  if (settings === undefined || settings.apiKeyHelper === helper) {
    return undefined;
  }
  const rest = without(settings, key => key === 'apiKeyHelper');
  return formatted(helper === undefined ? rest : { ...rest, apiKeyHelper: helper });
}

/**
 * The settings of one run, which no other settings can change (docs/wire.md#claude-code-and-project-settings).
 * @param given those that the user gave for this run
 * @param helper the command that gives the token; `undefined` with a key, which then stands alone
 */
export function runSettings(given: JSONObject, variables: Variables, helper: string | undefined): string {
  const env = isObject(given.env) ? without(given.env, isForeignVariable) : {};
  return JSON.stringify({ ...given, env: { ...env, ...variables }, apiKeyHelper: helper ?? '' });
}

/**
 * Claude Code's own state: no questions at the first start, and the key counts as approved. `undefined`: it is as
 * wanted.
 * @param theme the user's own, for a folder that has none yet
 */
export function withAnswers(
  text: string | undefined,
  { key, theme }: { key: string | undefined; theme: string | undefined },
): string | undefined {
  const state = text === undefined || text.trim() === '' ? {} : parseObject(text);
  if (state === undefined) {
    return undefined;
  }
  const { approved, rejected } = keyResponses(state);
  // As Claude Code names a key.
  const tail = key?.slice(-20);
  const isKnown = tail === undefined || (approved.includes(tail) && !rejected.includes(tail));
  if (state.hasCompletedOnboarding === true && isKnown) {
    return undefined;
  }
  return formatted({
    ...(theme === undefined ? {} : { theme }),
    ...state,
    hasCompletedOnboarding: true,
    ...(tail === undefined
      ? {}
      : {
          customApiKeyResponses: {
            approved: [...approved.filter(known => known !== tail), tail],
            rejected: rejected.filter(known => known !== tail),
          },
        }),
  });
}

/** The theme that a state or settings file names. */
export function themeOf(text: string): string | undefined {
  const theme = parseObject(text)?.theme;
  return typeof theme === 'string' ? theme : undefined;
}

/** `undefined` for what is no JSON object. */
export function parseObject(text: string): JSONObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function formatted(value: JSONObject): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function keyResponses({ customApiKeyResponses: responses }: JSONObject): { approved: unknown[]; rejected: unknown[] } {
  const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
  return isObject(responses)
    ? { approved: list(responses.approved), rejected: list(responses.rejected) }
    : { approved: [], rejected: [] };
}

function without(object: JSONObject, isLeftOut: (key: string) => boolean): JSONObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !isLeftOut(key)));
}

function isObject(value: unknown): value is JSONObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
