import { bindingOf } from '../credentials/credential-binding';
import { credentialSlot } from '../credentials/credential-slot';
import type { KimiCredentialBinding } from '../credentials/credential-store';
import { resolveEndpoints, type Environment, type KimiEndpoints } from '../endpoints';
import type { KimiRegion } from '../upstream';
import { checkSettings, type KimiProviderSettings } from './kimi-provider-settings';
import { loadPlatform } from './load-platform';
import { callVariables, readEnvironment, readVariables, type Variables } from './environment';

/** Hosts and account of a call. The same object for as long as settings and environment say the same. */
export type Place = Readonly<{
  endpoints: KimiEndpoints;
  account: string;
  /** Origin of the API: nothing else gets the credential. */
  apiOrigin: string;
  /** What a login of this place is issued for (docs/decisions.md#38-bound-credentials). */
  binding: KimiCredentialBinding;
  /** The variables that a call looks at, as they were. */
  environment: Environment;
  /** Tells places apart by OAuth host, API base and account, which may all change between two calls. */
  id: string;
  /** The name under which stores, locks and caches keep what belongs to this place (docs/decisions.md#9-slots). */
  slot: Promise<string>;
}>;

/**
 * Settings and environment to a place, at each call. Worked out anew only when a variable has changed; bad settings are
 * an error of the call, not of the construction.
 */
export class PlaceResolver {
  private readonly settings: KimiProviderSettings;
  private marker: Promise<KimiRegion | undefined> | undefined;
  private readonly variables: Variables;
  private readonly names: readonly string[];
  private last: { values: readonly string[]; place: Place } | undefined;

  constructor(settings: KimiProviderSettings, variables: Variables) {
    this.settings = settings;
    this.variables = variables;
    this.names = callVariables(settings);
  }

  /** @throws KimiInvalidArgumentError for a setting that no request can be made with */
  async resolve(): Promise<Place> {
    // The region that the official installer noted. Read once.
    this.marker ??= loadPlatform()
      .then(({ readRegionMarker }) => readRegionMarker(readEnvironment(this.variables)))
      .catch((error: unknown) => {
        this.marker = undefined;
        throw error;
      });
    const marked = await this.marker;
    const values = readVariables(this.variables, this.names);
    if (this.last === undefined || values.some((value, index) => value !== this.last?.values[index])) {
      const set = this.names.map((name, index) => [name, values[index] || undefined] as const);
      this.last = { values, place: this.place(Object.fromEntries(set), marked) };
    }
    return this.last.place;
  }

  private place(environment: Environment, marked: KimiRegion | undefined): Place {
    const { settings } = this;
    checkSettings(settings);
    // The installer's note counts where nothing else says a region, for the service that it installs.
    const region = settings.region ?? (settings.service === 'platform' ? undefined : marked);
    const endpoints = resolveEndpoints({ ...settings, region }, environment);
    const account = settings.account ?? environment.KIMI_ACCOUNT ?? 'default';
    const { apiBaseURL, oauthHost } = endpoints;
    const binding = bindingOf({ oauthHost, apiBaseURL, account });
    return {
      endpoints,
      account,
      apiOrigin: binding.apiOrigin,
      binding,
      environment,
      id: JSON.stringify([oauthHost, apiBaseURL, account]),
      slot: credentialSlot({ apiBaseURL, oauthHost, account }),
    };
  }
}
