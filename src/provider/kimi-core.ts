import { generateId } from '@ai-sdk/provider-utils';
import type { CallTarget } from '../engine/call-target';
import { KimiLanguageModel } from '../engine/kimi-language-model';
import type { KimiFiles } from '../files/kimi-file';
import { AccountFiles } from './account-files';
import { errorDetails } from '../log/log';
import { wireOf } from '../models/model-info';
import { AccountModels } from './account-models';
import { AccountUsage } from './account-usage';
import type { Variables } from './environment';
import { kimiAuth, type KimiAuth } from './kimi-auth';
import { kimiFiles } from './kimi-files';
import { protocolFor, type KimiProviderSettings } from './kimi-provider-settings';
import { CallResolver, type Access } from './resolve-call';
import { kimiWeb, type KimiWeb } from './kimi-web';

/**
 * Settings to calls, account and engine, for every specification alike. Nothing is read, asked or checked before the
 * first request, and environment and endpoints count at the time of each one.
 */
export class KimiCore {
  readonly auth: KimiAuth;
  readonly models: AccountModels;
  readonly files: KimiFiles;
  readonly account: AccountUsage;
  readonly web: KimiWeb;
  private readonly accountFiles: AccountFiles;
  private readonly settings: KimiProviderSettings;
  private readonly calls: CallResolver;

  constructor(settings: KimiProviderSettings, variables: Variables) {
    this.settings = settings;
    this.calls = new CallResolver(settings, variables);
    this.auth = kimiAuth(this.calls);
    this.models = new AccountModels(this.calls, settings.now ?? Date.now);
    this.accountFiles = new AccountFiles(this.calls, settings);
    this.files = kimiFiles(this.accountFiles, settings.name ?? 'kimi');
    this.account = new AccountUsage(this.calls, settings.now ?? Date.now);
    this.web = kimiWeb(this.calls);
  }

  /** A new engine for `modelId`; the provider keeps one per id. */
  engine(modelId: string): KimiLanguageModel {
    const { settings } = this;
    return new KimiLanguageModel(modelId, {
      name: settings.name ?? 'kimi',
      headers: () => settings.headers ?? {},
      generateId: settings.generateId ?? generateId,
      limits: settings.limits ?? {},
      uploadMedia: settings.uploadMedia ?? 'never',
      resolve: () => this.resolve(modelId),
    });
  }

  private async resolve(modelId: string): Promise<CallTarget> {
    const access = await this.calls.access();
    const protocol = protocolFor(modelId, this.settings.protocol);
    const model = await this.models.model(modelId, access, protocol);
    const { place, keepsReasoning, identity, credentialSource, secrets, log, fetch } = access;
    const { service, apiBaseURL } = place.endpoints;
    log?.debug('call', { asked: modelId, model: model.id, wire: wireOf(model, protocol), service, apiBaseURL });
    return {
      service,
      apiBaseURL,
      asked: modelId,
      model,
      protocol,
      prices: this.settings.prices,
      keepsReasoning,
      identity,
      credentialSource,
      secrets,
      log,
      fetch,
      usedUp: reason => this.account.usedUp(reason, access),
      onUsage: this.reporting(access),
      uploads: this.accountFiles.uploadsIn(access),
      modelAfterRefusal: () => this.models.modelAfterRefusal(modelId, model.id, access, protocol),
    };
  }

  /** The user's hook, which may fail as it likes. */
  private reporting({ place, log }: Access): CallTarget['onUsage'] {
    const { onUsage } = this.settings;
    if (onUsage === undefined) {
      return undefined;
    }
    const { account, endpoints } = place;
    const dropped = (error: unknown) => log?.warn('onUsage failed', errorDetails(error));
    return report => {
      try {
        const result = onUsage({ ...report, account, service: endpoints.service });
        if (typeof (result as PromiseLike<unknown> | undefined)?.then === 'function') {
          (result as PromiseLike<unknown>).then(undefined, dropped);
        }
      } catch (error) {
        dropped(error);
      }
    };
  }
}
