import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { KeychainLibrary } from './keychain-request';

const LIBRARIES: readonly KeychainLibrary[] = ['keytar', '@napi-rs/keyring'];

/**
 * The keychain libraries that the app has installed, best first: `keytar`, because an app that has it chose it, then
 * `@napi-rs/keyring`. Only resolves paths; nothing is loaded. Looked for from the main script and from this package,
 * which finds those of the app in either case; not from the working directory: a command that is installed globally
 * must not load a module of the folder it is run in.
 */
export function findKeychainLibraries(): { name: KeychainLibrary; path: string }[] {
  const bases = [mainScript(), ownFile()].filter(base => base !== undefined);
  return LIBRARIES.flatMap(name => {
    for (const base of bases) {
      try {
        return [{ name, path: createRequire(base).resolve(name) }];
      } catch {
        // Not installed there.
      }
    }
    return [];
  });
}

function mainScript(): string | undefined {
  try {
    return process.argv[1] === undefined ? undefined : realpathSync(process.argv[1]);
  } catch {
    return undefined;
  }
}

/** The file this code is in: `import.meta` is empty in the CommonJS build, `__filename` is missing in the other. */
function ownFile(): string | undefined {
  const url: string | undefined =
    import.meta.url ?? (typeof __filename === 'string' ? pathToFileURL(__filename).href : undefined);
  return url?.startsWith('file:') ? url : undefined;
}
