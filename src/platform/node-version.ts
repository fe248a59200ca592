/** Which Node this package runs on: an older one fails in the middle of something, with words that help nobody. */

/** package.json "engines". */
const LEAST = [22, 12] as const;

type Versions = Readonly<Record<string, string | undefined>>;

/** What to do about a Node that is too old; `undefined` where there is nothing to do. Bun and Deno only play Node. */
export function fixOfRuntime({ node = '', bun, deno }: Versions): string | undefined {
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const isOld = major < LEAST[0] || (major === LEAST[0] && minor < LEAST[1]);
  return isOld && bun === undefined && deno === undefined ? `Install Node ${LEAST.join('.')} or newer.` : undefined;
}

/** The same as one sentence for who has started it. */
export function oldRuntimeMessage(versions: Versions): string | undefined {
  const fix = fixOfRuntime(versions);
  return fix === undefined
    ? undefined
    : `This is Node ${versions.node}, which is too old for ai-sdk-provider-kimi. ${fix}`;
}
