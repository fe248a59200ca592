import { resolveEndpoints, type KimiEndpoints } from '../endpoints';
import { readRegionMarker } from '../platform/node';
import type { CommandContext } from './command-context';
import type { LoginOptions } from './open-kimi';

/** Hosts and account as the provider has them, also where its store cannot be read. @throws KimiInvalidArgumentError */
export async function resolvePlace(
  { env }: Pick<CommandContext, 'env'>,
  { account, region, service }: LoginOptions,
): Promise<KimiEndpoints & { account: string }> {
  const marked = region === undefined && service !== 'platform' ? await readRegionMarker(env) : region;
  return { ...resolveEndpoints({ service, region: marked }, env), account: account ?? (env.KIMI_ACCOUNT || 'default') };
}
