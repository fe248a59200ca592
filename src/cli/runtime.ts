/** Which Node this package runs on: an older one fails in the middle of something, with words that help nobody. */
import { UsageError } from './failures';

/** package.json "engines". */
const LEAST = [22, 12] as const;

type Versions = Readonly<Record<string, string | undefined>>;

/** What to do about a Node that is too old; `undefined` where there is nothing to do. */
export function fixOfRuntime({ node = '' }: Versions): string | undefined {
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const isOld = major < LEAST[0] || (major === LEAST[0] && minor < LEAST[1]);
  return isOld ? `Install Node ${LEAST.join('.')} or newer.` : undefined;
}

/** @throws UsageError */
export function refuseOldRuntime(versions: Versions): void {
  const fix = fixOfRuntime(versions);
  if (fix !== undefined) {
    throw new UsageError(`This is Node ${versions.node}, which is too old for ai-sdk-provider-kimi. ${fix}`);
  }
}
