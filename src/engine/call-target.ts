import type { SharedV4Warning } from '@ai-sdk/provider';
import type { UsedUp } from '../account/used-up';
import type { Log } from '../log/log';
import type { KimiPrices } from '../models/estimate-cost';
import type { KimiProtocol, ModelInfo } from '../models/model-info';
import type { FetchFunction } from '../transport/fetch';
import type { KimiLimits } from '../transport/limits';
import type { KimiService } from '../upstream';
import type { KimiUsageReport } from './usage-report';

/** Where media of a prompt go, once for each content. */
export type MediaUploads = {
  /** @throws as `KimiFiles.upload` */
  upload(media: {
    data: Uint8Array;
    mediaType: string;
    abortSignal: AbortSignal | undefined;
  }): Promise<{ id: string; isCached: boolean }>;
  /** The server does not have it any more. */
  forget(id: string): Promise<void>;
};

/**
 * Where one call goes and as whom, resolved once and handed down (docs/decisions.md#41-a-call-is-resolved-once). The
 * engine reads no settings.
 */
export type CallTarget = Readonly<{
  service: KimiService;
  /** Without trailing slash, with the version segment. */
  apiBaseURL: string;
  /** The id as the caller wrote it. */
  asked: string;
  /** What the id means for the account: slug and capabilities. */
  model: ModelInfo;
  /** The wire that was asked for; `wireOf` says which one it is. */
  protocol: KimiProtocol;
  /** Prices of the user's, by id. */
  prices?: KimiPrices | undefined;
  /** Whether the identity is one that keeps all reasoning (docs/decisions.md#30-keeping-all-reasoning). */
  keepsReasoning: boolean;
  /** Who requests say they come from, for messages. */
  identity: string;
  /** The chain that signs in and identifies. */
  fetch: FetchFunction;
  /** Where the credential came from that was sent, for messages; `undefined` before one was. */
  credentialSource: () => string | undefined;
  /** The credentials that were sent, so that no error shows them. */
  secrets: () => Iterable<string>;
  /** For media of the prompt, with the credential of the call. */
  uploads: MediaUploads;
  /** What was found before the wire was asked. */
  warnings?: readonly SharedV4Warning[] | undefined;
  /** Where the call tells of itself; absent where nobody listens. */
  log?: Log | undefined;
  /** What else can be known of a plan that a refusal of this `reason` calls used up. Takes a second at most. */
  usedUp: (reason: string) => Promise<UsedUp | undefined>;
  /** What the answer tells of use. Never throws. */
  onUsage?: ((report: Omit<KimiUsageReport, 'service' | 'account'>) => void) | undefined;
  /** After the server refused the model: what the id means by a newer list, if that is another slug. */
  modelAfterRefusal: () => Promise<ModelInfo | undefined>;
}>;

/** What a wire is given by the wiring; it reads neither settings nor environment. */
export type WireConfig = {
  /** The provider's `name`: a providerOptions key beside `kimi`, and the outside `provider` string's first part. */
  name: string;
  /** Headers of the user's settings. */
  headers(): Record<string, string | undefined>;
  generateId(): string;
  /** What of the settings' limits is set. */
  limits: KimiLimits;
};
