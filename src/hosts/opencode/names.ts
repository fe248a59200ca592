/** Names that opencode's users see, write and keep. */

/**
 * The provider that the plugin brings. Not an id of models.dev, whose own entries would swallow it
 * (docs/wire.md#opencode-provider-ids); the same as that of `opencode-kimi-full`, whose users keep login and settings.
 */
export const OPENCODE_PROVIDER = 'kimi-for-coding-oauth';

/** What people run to sign in. */
export const OPENCODE_LOGIN = `opencode auth login -p ${OPENCODE_PROVIDER}`;

/** Of this package, as a plugin and as `npm` of a provider. */
export const PACKAGE_NAME = 'ai-sdk-provider-kimi';

/** A new configuration of each kind begins with this. */
export const NEW_CONFIGURATION = '{\n  "$schema": "https://opencode.ai/config.json"\n}\n';
export const NEW_TUI_CONFIGURATION = '{\n  "$schema": "https://opencode.ai/tui.json"\n}\n';

/** Whether `npm` of a provider, or an entry of `plugin`, names this package: plain or with a version. */
export function isOwnPackage(specifier: unknown): boolean {
  return typeof specifier === 'string' && (specifier === PACKAGE_NAME || specifier.startsWith(`${PACKAGE_NAME}@`));
}
