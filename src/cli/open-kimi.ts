import { kimiProviderV4, type KimiProviderV4 } from '../provider/kimi-provider-v4';
import type { KimiRegion, KimiService } from '../upstream';
import type { CommandContext, CommonOptions } from './command-context';

/** Which login a command is about. What is not given is decided as in an app: by the environment, else by default. */
export type LoginOptions = CommonOptions & {
  account?: string | undefined;
  region?: KimiRegion | undefined;
  service?: KimiService | undefined;
  /** As in `KIMI_CREDENTIAL_STORE`. */
  store?: string | undefined;
};

/** A new provider, which finds the login exactly as an app on this machine would. */
export function openKimi(context: CommandContext, { account, region, service, store }: LoginOptions): KimiProviderV4 {
  if (store !== undefined) {
    context.env.KIMI_CREDENTIAL_STORE = store;
  }
  return kimiProviderV4({ account, region, service, now: context.now });
}

/** The flags that lead to the same login again, for hints: ` --account work --region global`. */
export function loginFlags({ account, region, service }: LoginOptions): string {
  return Object.entries({ account, region, service })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` --${name} ${/^[\w.@-]+$/.test(value ?? '') ? value : JSON.stringify(value)}`)
    .join('');
}
