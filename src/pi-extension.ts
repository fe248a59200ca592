/**
 * What pi loads (package.json, `pi.extensions`). pi translates every module that an extension imports, and gives each
 * import a copy of its own; so this file has nothing but what only such a file can have, pi's own modules, and takes
 * the rest as the runtime loads it (docs/decisions.md#90-the-pi-extension).
 */
import { createRequire } from 'node:module';
import * as piAI from '@earendil-works/pi-ai';
import { getAgentDir } from '@earendil-works/pi-coding-agent';
import type { PiExtensionAPI } from './pi/pi-api';
import type { piExtension } from './pi/pi-extension';

type Core = { piExtension: typeof piExtension };

export default function kimiForPi(pi: PiExtensionAPI): void {
  const core = createRequire(import.meta.url)('./pi.js') as Core;
  core.piExtension(pi, { piAI, agentFolder: getAgentDir() });
}
