/** What pi calls: a provider, a command, and where notices are told. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { showNoticesIn } from '#platform';
import { usageLines } from '../account/usage-rows';
import { KEPT_IN_FILE } from '../credentials/default-credential-store';
import { processVariables, readEnvironment } from '../provider/environment';
import { PiAccounts } from './pi-accounts';
import type { PiAI, PiContext, PiExtensionAPI } from './pi-api';
import { failureText } from './pi-failure';
import { piProvider } from './pi-provider';

/** What the part that pi loads hands over: of pi's own modules, which only that part can import. */
export type PiHost = { piAI: PiAI; /** Where pi keeps settings and logins. */ agentFolder: string };

const KEY = 'KIMI_CODER_API_KEY';

/** In characters. */
const LARGEST_SETTINGS = 1024 * 1024;

export function piExtension(pi: PiExtensionAPI, { piAI, agentFolder }: PiHost): void {
  const notices = new Notices();
  // Logins are pi's to keep.
  showNoticesIn(message => (message.startsWith(KEPT_IN_FILE) ? undefined : notices.tell(message)));
  const accounts = new PiAccounts({
    authPath: join(agentFolder, 'auth.json'),
    variables: processVariables,
    settingsKey: () => keyInSettings(agentFolder),
  });
  pi.registerProvider(
    piProvider({
      accounts,
      piAI,
      environment: () => readEnvironment(processVariables),
      warn: notices.tell,
      now: Date.now,
      signedIn: async model => {
        const { context } = notices;
        if (context !== undefined && !hasModel(context) && (await pi.setModel(model))) {
          show(context, `Selected ${model.id}; /model has the others.`, 'info');
        }
      },
    }),
  );
  pi.registerCommand('kimi-usage', {
    description: 'What of the Kimi plan is used, and when it is fresh again',
    handler: async (_args, context) => {
      const { text, type } = await usageText(accounts);
      show(context, text, type);
    },
  });
  pi.on('session_start', (_event, context) => notices.showIn(context));
}

/** pi chooses a model after a login for its own providers only, and leaves the choice to the person for others. */
function hasModel({ model }: PiContext): boolean {
  return model !== undefined && model.provider !== 'unknown';
}

/**
 * `apiKeys.KIMI_CODER_API_KEY` of pi's settings, where users of pi-kimi-coder have it. pi itself looks for keys by the
 * name of the provider, and moves all of `apiKeys` into `auth.json` when it first starts (docs/wire.md#pi-logins).
 */
function keyInSettings(folder: string): string | undefined {
  const settings = readObject(join(folder, 'settings.json'));
  const moved = readObject(join(folder, 'auth.json'))?.[KEY] as { key?: unknown } | null | undefined;
  const key = (settings?.apiKeys as Record<string, unknown> | null | undefined)?.[KEY] ?? moved?.key;
  return typeof key === 'string' && key.trim() !== '' ? key.trim() : undefined;
}

/** `undefined` where there is none, or none that pi can read: it says so itself. */
function readObject(path: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8').slice(0, LARGEST_SETTINGS));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

async function usageText(accounts: PiAccounts): Promise<{ text: string; type: 'info' | 'error' }> {
  try {
    const { kimi } = await accounts.account(await accounts.saved());
    const usage = await kimi.usage();
    const plan = usage.membership?.name ?? usage.membership?.level;
    const title = plan === undefined ? 'Kimi Code' : `Kimi Code, ${plan}`;
    return { text: [title, ...usageLines(usage, Date.now())].join('\n'), type: 'info' };
  } catch (error) {
    return { text: failureText(error), type: 'error' };
  }
}

function show({ hasUI, ui }: PiContext, text: string, type: 'info' | 'warning' | 'error'): void {
  if (hasUI) {
    ui.notify(text, type);
  } else {
    process.stderr.write(`${text}\n`);
  }
}

/** What is told before there is a screen waits for it. Each text once. */
class Notices {
  private readonly told = new Set<string>();
  private readonly waiting: string[] = [];
  /** Of the session that there is now. */
  context: PiContext | undefined;

  readonly tell = (message: string): void => {
    if (this.told.has(message)) {
      return;
    }
    this.told.add(message);
    if (this.context === undefined) {
      this.waiting.push(message);
    } else {
      show(this.context, message, 'warning');
    }
  };

  showIn(context: PiContext): void {
    this.context = context;
    for (const message of this.waiting.splice(0)) {
      show(context, message, 'warning');
    }
  }
}
