/** The login or key that pi hands out, and the engine that goes with it (docs/decisions.md#91-logins-of-pi). */
import { createHash } from 'node:crypto';
import { memoryCredentialStore } from '../credentials/memory-credential-store';
import {
  isTombstone,
  storeAround,
  type CredentialStore,
  type KimiOAuthCredentials,
} from '../credentials/credential-store';
import { fromPiLogin, refuseKey, toPiLogin, type PiLogin } from '../credentials/pi/pi-record';
import { piCredentialStore } from '../credentials/pi/pi-credential-store';
import type { ModelInfo } from '../models/model-info';
import type { Variables } from '../provider/environment';
import { kimiProviderIn, type KimiProviderV4 } from '../provider/kimi-provider-v4';
import type { KimiProviderSettings } from '../provider/kimi-provider-settings';
import { OAUTH_HOSTS, type KimiRegion } from '../upstream';
import { observedFetch } from './observed-fetch';
import type { PiOAuth } from './pi-api';
import { SIGN_IN } from './pi-failure';
import { PROVIDER_ID } from './pi-models';

/** A provider of this package for one credential, and the models that its account was seen to have. */
export type PiAccount = { kimi: KimiProviderV4; listed?: readonly ModelInfo[] | undefined };

/** What the credential of a request is: of pi's login, a key, or what this machine has without pi. */
export type PiSource =
  | { kind: 'login'; access: string; login: PiOAuth }
  | { kind: 'key'; key: string }
  | { kind: 'machine' };

/** More are in use at once by nobody. */
const MOST = 16;

export type PiAccountsOptions = {
  /** pi's `auth.json`. */
  authPath: string;
  variables: Variables;
  /** A key of pi's settings file, which counts where no variable has one. */
  settingsKey: () => string | undefined;
};

export class PiAccounts {
  private readonly options: PiAccountsOptions;
  private readonly accounts = new Map<string, PiAccount>();
  /** Tokens that pi was given lately, so that a request's is known for what it is. */
  private readonly given = new Map<string, PiOAuth>();
  private readonly store: CredentialStore;

  constructor(options: PiAccountsOptions) {
    this.options = options;
    this.store = storeAround(piCredentialStore({ path: options.authPath, providerId: PROVIDER_ID }), {
      signIn: SIGN_IN,
    });
  }

  /** pi is about to use this login. */
  give(login: PiOAuth): void {
    this.given.delete(login.access);
    this.given.set(login.access, login);
    trim(this.given);
  }

  /** What `apiKey` of a request is; without one it is made with what this machine has. */
  sourceOf(apiKey: string | undefined): PiSource {
    if (apiKey === undefined || apiKey === '') {
      return { kind: 'machine' };
    }
    const login = this.given.get(apiKey);
    return login === undefined ? { kind: 'key', key: apiKey } : { kind: 'login', access: apiKey, login };
  }

  /** @param baseURL where the user has set another one in pi's `models.json` */
  async account(source: PiSource, baseURL?: string): Promise<PiAccount> {
    const place = baseURL === undefined ? {} : { baseURL };
    switch (source.kind) {
      case 'machine':
        return this.kept(`machine ${baseURL}`, { ...place, ...this.settingsKeyAsSetting() });
      case 'key':
        return this.kept(`key ${digest(source.key)} ${baseURL}`, { ...place, apiKey: source.key });
      default: {
        const hosts = { ...place, ...hostsOf(source.login) };
        return (await this.isInFile())
          ? this.kept(`login ${JSON.stringify(hosts)}`, { ...hosts, ...ONE_LOGIN, credentialStore: this.store })
          : // A program that embeds pi may keep its logins elsewhere: then pi itself renews them.
            this.kept(`token ${digest(source.access)} ${JSON.stringify(hosts)}`, { ...hosts, apiKey: source.access });
      }
    }
  }

  /** What this machine has without pi: `undefined` for nothing. @throws KimiCredentialStoreError and the like */
  async onMachine(): Promise<{ source: string; kind: 'api-key' | 'oauth' } | undefined> {
    const { kimi } = await this.account({ kind: 'machine' });
    const { state, source, kind } = await kimi.auth.status();
    return state === 'missing' || kind === undefined ? undefined : { source, kind };
  }

  /** The credential that pi's file holds now, for what pi does not ask us for with one. */
  async saved(): Promise<PiSource> {
    const login = await this.store.load();
    if (login?.type !== 'oauth') {
      return { kind: 'machine' };
    }
    return { kind: 'login', access: login.accessToken, login: toPiLogin(login) };
  }

  /** A device login, saved nowhere: pi does that. Nobody is sent to a browser for one that pi cannot keep. */
  async login(
    region: KimiRegion | undefined,
    { onVerification, abortSignal }: Parameters<KimiProviderV4['auth']['login']>[0],
  ): Promise<PiOAuth> {
    const { store } = this;
    await store.withLock?.(async () => (await store.prepareSave?.(EMPTY))?.(), { abortSignal });
    const memory = memoryCredentialStore();
    const kimi = this.create({ ...(region === undefined ? {} : { region }), ...ONE_LOGIN, credentialStore: memory });
    await kimi.auth.login({ onVerification, abortSignal });
    return toPiLogin((await memory.load()) as KimiOAuthCredentials);
  }

  /**
   * Renews a login while pi holds the lock of its file. A login that the server has ended comes back empty, so that pi
   * notes it and nobody sends it again.
   * @throws KimiTokenRefreshError, KimiCredentialStoreError where pi could not keep what comes back; the abort reason
   */
  async refresh(login: PiOAuth, abortSignal: AbortSignal): Promise<PiOAuth> {
    const held = heldStore(this.store, fromPiLogin(login as PiLogin));
    const kimi = this.create({ ...hostsOf(login), ...ONE_LOGIN, credentialStore: held.store });
    const failure = await kimi.auth.getAccessToken({ abortSignal }).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    // A request that may use the token in hand does not wait for a slow renewal, nor does one that is given up. But
    // what was sent comes back, and pi has to keep it.
    const current = await held.settled();
    if (failure !== undefined && current.accessToken === login.access && !isTombstone(current)) {
      throw failure.error;
    }
    return toPiLogin(current);
  }

  private settingsKeyAsSetting(): KimiProviderSettings {
    const environment = this.options.variables();
    const key = environment.KIMI_API_KEY || environment.KIMI_CODER_API_KEY ? undefined : this.options.settingsKey();
    return key === undefined ? {} : { apiKey: key };
  }

  private async isInFile(): Promise<boolean> {
    const login = await this.store.load().catch(() => undefined);
    return login?.type === 'oauth';
  }

  private kept(id: string, settings: KimiProviderSettings): PiAccount {
    const account = this.accounts.get(id) ?? { kimi: this.create(settings) };
    this.accounts.delete(id);
    this.accounts.set(id, account);
    trim(this.accounts);
    return account;
  }

  private create(settings: KimiProviderSettings): KimiProviderV4 {
    return kimiProviderIn(this.options.variables, { fetch: observedFetch, ...settings });
  }
}

/** pi keeps one login of ours, whatever `KIMI_ACCOUNT` says. */
const ONE_LOGIN = { account: 'default' } as const;

const EMPTY = {
  type: 'oauth',
  accessToken: '',
  refreshToken: '',
  expiresAt: 0,
  expiresIn: 0,
  scope: '',
  tokenType: '',
} as const;

/** The login of pi's file as pi holds it, under its lock: what is saved is handed back, and pi writes it. */
function heldStore(file: CredentialStore, login: KimiOAuthCredentials) {
  let current = login;
  let working: Promise<unknown> = Promise.resolve();
  const store: CredentialStore = storeAround(file, {
    load: async () => current,
    async save(credentials) {
      refuseKey(credentials, file.location);
      current = credentials;
    },
    async clear() {},
    withLock(callback) {
      const work = callback({ assertHeld() {} });
      working = work.catch(() => undefined);
      return work;
    },
  } satisfies Partial<CredentialStore>);
  return {
    store,
    /** After what runs now. */
    async settled(): Promise<KimiOAuthCredentials> {
      await working;
      return current;
    },
  };
}

/** The region that the login is of, by the host that gave it; others come by their variables. */
function hostsOf(login: PiOAuth): { region?: KimiRegion } {
  const host = (login as PiLogin).issuedFor?.oauthHost;
  const region = (Object.keys(OAUTH_HOSTS) as KimiRegion[]).find(name => OAUTH_HOSTS[name] === host);
  return region === undefined ? {} : { region };
}

/** No secret is the key of a map. */
function digest(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

function trim(map: Map<string, unknown>): void {
  for (const key of map.keys()) {
    if (map.size <= MOST) {
      return;
    }
    map.delete(key);
  }
}
