/**
 * The plugin as opencode's terminal loads it (`exports["./tui"]`; docs/wire.md#opencode-plugins): `/kimi:usage` and
 * `/kimi:models`. Plain calls of what opencode hands over; what this version of it lacks is not there.
 */
import { OPENCODE_PROVIDER, PACKAGE_NAME } from '../hosts/opencode/names';
import type { OpencodeTui } from '../hosts/opencode/plugin-api';
import type { KimiProviderSettings } from '../provider/kimi-provider-settings';

const COMMANDS = [
  { name: 'kimi:usage', title: 'Kimi usage', desc: 'What of the Kimi plan is used, and when it is fresh again' },
  { name: 'kimi:models', title: 'Kimi models', desc: 'The models of the Kimi account, with windows and efforts' },
] as const;

async function tui(api: OpencodeTui, options: KimiProviderSettings = {}): Promise<void> {
  const show = (title: string, message: string): void =>
    api.ui.dialog.replace(() => api.ui.DialogAlert({ title, message }));
  const runner =
    ({ name, title }: (typeof COMMANDS)[number]) =>
    async () => {
      show(title, 'Asking Kimi …');
      try {
        const { modelsText, usageText } = await import('./dialogs');
        const providers = api.state?.provider ?? [];
        const isOurs = providers.length === 0 || providers.some(({ id }) => id === OPENCODE_PROVIDER);
        const text = name === 'kimi:usage' ? usageText : modelsText;
        show(title, await text(isOurs ? OPENCODE_PROVIDER : PACKAGE_NAME, options));
      } catch (error) {
        show(title, error instanceof Error ? error.message : String(error));
      }
    };
  if (typeof api.keymap?.registerLayer === 'function') {
    api.keymap.registerLayer({
      commands: COMMANDS.map(command => ({
        namespace: 'palette',
        name: command.name,
        title: command.title,
        desc: command.desc,
        category: 'Kimi',
        slashName: command.name,
        run: () => void runner(command)(),
      })),
      bindings: [],
    });
  } else if (typeof api.command?.register === 'function') {
    api.command.register(() =>
      COMMANDS.map(command => ({
        title: command.title,
        value: command.name,
        description: command.desc,
        category: 'Kimi',
        slash: { name: command.name },
        onSelect: () => void runner(command)(),
      })),
    );
  }
}

export type { KimiProviderSettings, OpencodeTui };
export default { id: PACKAGE_NAME, tui };
