import { KimiInvalidArgumentError } from '../errors/kimi-error';
import type { KimiProviderSettings } from './kimi-provider-settings';

/** What crosses from one step to the next: plain JSON without a secret. */
export type PortableModel = {
  modelId: string;
  settings: Pick<KimiProviderSettings, (typeof PORTABLE)[number]>;
  /** The setting that gave the credential, which does not cross. */
  credential?: 'apiKey' | 'credentialStore';
};

/** Settings that are plain values and no secret. `headers` may hold one; functions and objects cannot cross. */
const PORTABLE = [
  'name',
  'baseURL',
  'service',
  'protocol',
  'region',
  'account',
  'oauthHost',
  'allowInsecure',
  'allowPrivateAddresses',
  'identity',
  'limits',
  'prices',
  'uploadMedia',
] as const satisfies ReadonlyArray<keyof KimiProviderSettings>;

/**
 * A model as it crosses a step of a Workflow (docs/decisions.md#62-models-that-cross-steps): id and settings, so that
 * the next step makes the same one.
 */
export function portableModel(modelId: string, settings: KimiProviderSettings): PortableModel {
  const { apiKey, credentialStore } = settings;
  const credential = apiKey !== undefined ? 'apiKey' : credentialStore === undefined ? undefined : 'credentialStore';
  return {
    modelId,
    settings: Object.fromEntries(
      PORTABLE.filter(name => settings[name] !== undefined).map(name => [name, settings[name]]),
    ),
    ...(credential === undefined ? {} : { credential }),
  };
}

/**
 * The settings of a model that has crossed. What the environment and the machine have counts as ever; a credential that
 * was a setting is missed aloud, because another one could be somebody else's.
 */
export function settingsOf({ settings, credential, modelId }: PortableModel): KimiProviderSettings {
  if (credential === undefined) {
    return settings;
  }
  return {
    ...settings,
    apiKey: () => {
      throw new KimiInvalidArgumentError({
        argument: credential,
        message:
          `The model "${modelId}" came from another step of a Workflow, and its "${credential}" did not, because it ` +
          'is a secret. Leave that setting out and set KIMI_API_KEY (or sign in) where the steps run, or make the ' +
          'model in the step that uses it.',
      });
    },
  };
}
