import { requestBalance, type KimiBalance } from '../account/balance';
import { requestMembership, type KimiMembership } from '../account/current-user';
import { requestPlanUsage, type AccountRequest, type PlanUsage } from '../account/plan-usage';
import { usedUpOf, type UsedUp } from '../account/used-up';
import { changedAPIError, KimiAPIError } from '../errors/kimi-api-error';
import { KimiInvalidArgumentError } from '../errors/kimi-error';
import { errorDetails } from '../log/log';
import { unlessOfStore } from '../models/model-catalog';
import { untilAborted } from '../transport/wait';
import { BASE_URL_VARIABLE_NAMES } from '../transport/base-url-variables';
import { accountNames } from './account-name';
import type { Access, CallResolver } from './resolve-call';

/** What of a plan is used, and which plan it is. What the server does not say is `undefined`, never 0. */
export type KimiUsage = PlanUsage & {
  /** `undefined` where the server did not say within 2 s. */
  membership: KimiMembership | undefined;
};

/** How long `GET /me` may take: usage is worth more than the plan's name. */
const MEMBERSHIP_LIMIT_MS = 2_000;

/** How long a refused call waits to say when its quota is fresh again. */
const LOOK_LIMIT_MS = 1_000;

/** How long what was found, or not found, counts for the next refused calls of the account. */
const LOOK_AGAIN_MS = 60_000;

/** As many accounts as one provider has catalogs of. */
const MOST_ACCOUNTS = 100;

type Look = { at: number; usage: Promise<PlanUsage | undefined> };

/** What an account has used and has left: of the plan, or in money. */
export class AccountUsage {
  private readonly calls: CallResolver;
  private readonly now: () => number;
  private readonly nameOf = accountNames();
  private readonly looks = new Map<string, Look>();

  constructor(calls: CallResolver, now: () => number) {
    this.calls = calls;
    this.now = now;
  }

  /** @throws KimiInvalidArgumentError for the platform; KimiAPIError, KimiLoginRequiredError and the like */
  async usage(abortSignal?: AbortSignal): Promise<KimiUsage> {
    const request = await this.requestFor('coding', abortSignal);
    const membership = requestMembership({ ...request, timeLimitMs: MEMBERSHIP_LIMIT_MS }).catch(unlessOfStore);
    // It is awaited below, unless the usage fails first.
    membership.catch(() => undefined);
    const { usage, level } = await requestPlanUsage(request).catch(notHere(request, '/usages'));
    const user = await membership;
    abortSignal?.throwIfAborted();
    return {
      ...usage,
      membership:
        user === undefined && level === undefined
          ? undefined
          : { level, name: undefined, status: undefined, region: undefined, ...withoutUndefined(user) },
    };
  }

  /** @throws KimiInvalidArgumentError for the coding service; KimiAPIError, KimiLoginRequiredError and the like */
  async balance(abortSignal?: AbortSignal): Promise<KimiBalance> {
    const request = await this.requestFor('platform', abortSignal);
    return requestBalance(request).catch(notHere(request, '/users/me/balance'));
  }

  /**
   * Which window a refused call has used up, by one request for all refused calls of the account in a minute. It takes
   * at most a second, and what it fails with is nobody's error: the refusal is.
   * @param reason the `reason` of the refusal
   */
  async usedUp(reason: string, access: Access): Promise<UsedUp | undefined> {
    if (access.place.endpoints.service !== 'coding') {
      return undefined;
    }
    const usage = await this.look(access).catch((error: unknown) => {
      access.log?.warn('usage not known', errorDetails(error));
    });
    return usage === undefined ? undefined : usedUpOf(usage, reason, this.now());
  }

  private async look(access: Access): Promise<PlanUsage | undefined> {
    const name = await this.nameOf(access);
    const known = this.looks.get(name);
    if (known !== undefined && Math.abs(this.now() - known.at) < LOOK_AGAIN_MS) {
      return known.usage;
    }
    // No signal of one call: the others wait for it, too.
    const usage = requestPlanUsage({ ...this.requestOf(access), timeLimitMs: LOOK_LIMIT_MS }).then(
      answer => answer.usage,
      (error: unknown) => {
        access.log?.warn('usage not known', errorDetails(error));
        return undefined;
      },
    );
    this.looks.delete(name);
    this.looks.set(name, { at: this.now(), usage });
    const oldest = this.looks.keys().next();
    if (this.looks.size > MOST_ACCOUNTS && oldest.done !== true) {
      this.looks.delete(oldest.value);
    }
    return usage;
  }

  private async requestFor(service: 'coding' | 'platform', abortSignal: AbortSignal | undefined) {
    const access = await untilAborted(this.calls.access(), abortSignal);
    const { endpoints } = access.place;
    if (endpoints.service !== service) {
      throw wrongService(service);
    }
    return { ...this.requestOf(access), abortSignal, region: endpoints.region };
  }

  private requestOf({ fetch, credentialSource, secrets, place }: Access): AccountRequest {
    return { fetch, credentialSource, secrets, apiBaseURL: place.endpoints.apiBaseURL, now: this.now };
  }
}

function wrongService(service: 'coding' | 'platform'): KimiInvalidArgumentError {
  return new KimiInvalidArgumentError({
    argument: 'service',
    message:
      service === 'coding'
        ? 'The Moonshot platform has no plan whose usage could be told: it is paid per token. Use kimi.balance(); in ' +
          'the command line, "npx ai-sdk-provider-kimi usage --service platform".'
        : 'The Kimi Code subscription has no balance: what is used of it tells kimi.usage(). A balance has the ' +
          "platform, with service: 'platform' and its key.",
  });
}

/** Passes a failure on; for a host that has no such endpoint, as one that says so. */
function notHere({ apiBaseURL }: AccountRequest, path: string): (error: unknown) => never {
  return error => {
    if (!KimiAPIError.isInstance(error) || error.statusCode !== 404) {
      throw error;
    }
    throw changedAPIError(error, {
      code: 'KIMI_NOT_FOUND',
      reason: 'endpoint',
      message:
        `This is not available on this platform or host: ${apiBaseURL} has no ${path} (HTTP 404). If a proxy is in ` +
        'between, let it pass that path on; else check the "baseURL" setting and the variable ' +
        `${BASE_URL_VARIABLE_NAMES}.`,
    });
  };
}

function withoutUndefined<T extends object>(value: T | undefined): Partial<T> {
  return Object.fromEntries(Object.entries(value ?? {}).filter(([, field]) => field !== undefined)) as Partial<T>;
}
