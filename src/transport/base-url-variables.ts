/**
 * The variable that names the base URL of each service (docs/decisions.md#7-settings-to-urls,
 * #66-variable-of-the-platform).
 */
export const BASE_URL_VARIABLES = { coding: 'KIMI_CODE_BASE_URL', platform: 'MOONSHOT_BASE_URL' } as const;

/** Both, for messages of places that do not know which service is meant. */
export const BASE_URL_VARIABLE_NAMES = `${BASE_URL_VARIABLES.coding} (of the platform: ${BASE_URL_VARIABLES.platform})`;
