/** What the commands of the terminal show, as text for a dialog of opencode's. */
import { screenText } from '../cli/terminal';
import { showBalance, showUsage } from '../cli/usage-view';
import { effortsOf, inputsOf, tokens } from '../cli/commands/models';
import { kimiProviderV3 } from '../provider/kimi-provider-v3';
import type { KimiProviderSettings } from '../provider/kimi-provider-settings';
import { KEY_CONSOLE_URLS } from '../upstream';
import { chosenLogin } from './chosen-login';

/** A dialog of opencode's has 60 columns, with space at both sides. */
const COLUMNS = 54;

/** Nobody looks at a dialog for longer. */
const LIMIT_MS = 20_000;

async function openProvider(providerID: string, options: KimiProviderSettings) {
  const { settings } = await chosenLogin(providerID, process.env);
  return kimiProviderV3({ ...settings, ...options });
}

/** Windows of the plan with their times, or the balance of the platform. @throws as `usage` and `balance` */
export async function usageText(providerID: string, options: KimiProviderSettings): Promise<string> {
  const kimi = await openProvider(providerID, options);
  const { service, region } = await kimi.auth.status();
  const abortSignal = AbortSignal.timeout(LIMIT_MS);
  if (service === 'platform') {
    const balance = await kimi.balance({ abortSignal });
    return screenText(COLUMNS, screen => showBalance(screen, balance, KEY_CONSOLE_URLS.platform[region]));
  }
  const usage = await kimi.usage({ abortSignal });
  return screenText(COLUMNS, screen => showUsage(screen, usage, Date.now()));
}

/** The account's models, each with its window, efforts and inputs. @throws as `models` */
export async function modelsText(providerID: string, options: KimiProviderSettings): Promise<string> {
  const models = await (await openProvider(providerID, options)).models();
  return screenText(COLUMNS, screen => {
    for (const model of models) {
      const { id, contextLength, displayName = id } = model;
      screen.line(displayName === id ? id : `${id}: ${displayName}`);
      screen.line(`  ${tokens(contextLength)}, ${inputsOf(model).join(' ')}, effort ${effortsOf(model)}`);
    }
  });
}
