import { AISDKError } from '@ai-sdk/provider';
import { printableText } from './printable-text';

const marker = 'ai-sdk-provider-kimi.error';
const symbol = Symbol.for(marker);

/**
 * Base of every error this package raises that the AI SDK should not know as an `APICallError`: answers of the API
 * (`KimiAPIError`) and a renewal that failed (`KimiTokenRefreshError`) are those.
 * Messages name what happened, where, and the command or setting that fixes it; they never hold a token, a key or
 * prompt text.
 */
export class KimiError extends AISDKError {
  readonly [symbol] = true;

  /** Stable, machine-readable name of the case, for example `KIMI_LOGIN_REQUIRED`. */
  readonly code: string;

  constructor({ name, code, message, cause }: { name: string; code: string; message: string; cause?: unknown }) {
    // Node and most loggers print messages as they are, and many quote a server, a file or a variable.
    super({ name, message: printableText(message), cause });
    this.code = code;
  }

  static override isInstance(error: unknown): error is KimiError {
    return AISDKError.hasMarker(error, marker);
  }
}

/** Across several copies of this package, too: by the marker and the code, not by the class. */
function hasCode(error: unknown, code: string): boolean {
  return KimiError.isInstance(error) && error.code === code;
}

/**
 * No usable credential: nothing stored, the login was revoked, or the server refuses it. Not retryable: a person must
 * act. `source` names where the credential came from or was looked for.
 */
export class KimiLoginRequiredError extends KimiError {
  /** `missing`: none found. `revoked`: the stored login is dead. `rejected`: the API refuses the credential. */
  readonly reason: 'missing' | 'revoked' | 'rejected';

  /** Where the credential came from, or the places that were searched. Never the credential itself. */
  readonly source: string;

  constructor({
    reason,
    source,
    message,
    cause,
  }: {
    reason: 'missing' | 'revoked' | 'rejected';
    source: string;
    message: string;
    cause?: unknown;
  }) {
    super({ name: 'KimiLoginRequiredError', code: 'KIMI_LOGIN_REQUIRED', message, cause });
    this.reason = reason;
    this.source = source;
  }

  static override isInstance(error: unknown): error is KimiLoginRequiredError {
    return hasCode(error, 'KIMI_LOGIN_REQUIRED');
  }
}

/** The device login did not end in a login. What was signed in before still is. */
export class KimiDeviceLoginError extends KimiError {
  /**
   * `denied`: the person refused it. `expired`: nobody confirmed it in time. `unreachable`: the OAuth host cannot be
   * reached. `refused`: the OAuth host answered with an error. `untrusted-url`: it asked to open a page that is not
   * Kimi's.
   */
  readonly reason: 'denied' | 'expired' | 'unreachable' | 'refused' | 'untrusted-url';

  constructor({ reason, message }: { reason: KimiDeviceLoginError['reason']; message: string }) {
    super({ name: 'KimiDeviceLoginError', code: 'KIMI_DEVICE_LOGIN', message });
    this.reason = reason;
  }

  static override isInstance(error: unknown): error is KimiDeviceLoginError {
    return hasCode(error, 'KIMI_DEVICE_LOGIN');
  }
}

/**
 * A credential store cannot be read, written, locked or unlocked. Never means "logged out"; the message says what to
 * do.
 */
export class KimiCredentialStoreError extends KimiError {
  /** The store's `location`. */
  readonly location: string;

  readonly operation: 'load' | 'save' | 'clear' | 'lock';

  /**
   * What went wrong: `corrupt` (cannot be parsed or has wrong types), `future` (written by a newer version), `locked`,
   * `unavailable`, `timeout`, `permissions`, `read-only`, `lock-lost`, `other-login` (what is there is of another host
   * or account, and would be replaced), `failed`.
   */
  readonly reason:
    | 'corrupt'
    | 'future'
    | 'locked'
    | 'unavailable'
    | 'timeout'
    | 'permissions'
    | 'read-only'
    | 'lock-lost'
    | 'other-login'
    | 'failed';

  constructor({
    location,
    operation,
    reason,
    message,
    cause,
  }: {
    location: string;
    operation: KimiCredentialStoreError['operation'];
    reason: KimiCredentialStoreError['reason'];
    message: string;
    cause?: unknown;
  }) {
    super({ name: 'KimiCredentialStoreError', code: 'KIMI_CREDENTIAL_STORE', message, cause });
    this.location = location;
    this.operation = operation;
    this.reason = reason;
  }

  static override isInstance(error: unknown): error is KimiCredentialStoreError {
    return hasCode(error, 'KIMI_CREDENTIAL_STORE');
  }
}

/** A setting, environment variable or provider option has a value that cannot work. Raised before anything is sent. */
export class KimiInvalidArgumentError extends KimiError {
  /** The setting, variable or option as the user writes it, for example `providerOptions.kimi.reasoningEffort`. */
  readonly argument: string;

  constructor({ argument, message, cause }: { argument: string; message: string; cause?: unknown }) {
    super({ name: 'KimiInvalidArgumentError', code: 'KIMI_INVALID_ARGUMENT', message, cause });
    this.argument = argument;
  }

  static override isInstance(error: unknown): error is KimiInvalidArgumentError {
    return hasCode(error, 'KIMI_INVALID_ARGUMENT');
  }
}

/** The account does not have the model; raised before anything is sent, from the server's own list. */
export class KimiNoSuchModelError extends KimiError {
  /** The id that was asked for. */
  readonly modelId: string;

  /** The ids the account has, in the server's order. */
  readonly available: readonly string[];

  constructor({ modelId, available, message }: { modelId: string; available: readonly string[]; message: string }) {
    super({ name: 'KimiNoSuchModelError', code: 'KIMI_NO_SUCH_MODEL', message });
    this.modelId = modelId;
    this.available = available;
  }

  static override isInstance(error: unknown): error is KimiNoSuchModelError {
    return hasCode(error, 'KIMI_NO_SUCH_MODEL');
  }
}

/** The server offers the model on a protocol that this package does not speak. */
export class KimiUnsupportedProtocolError extends KimiError {
  readonly modelId: string;

  /** The server's word: `response`. */
  readonly protocol: string;

  /** Ids of the account that can be used instead. */
  readonly usable: readonly string[];

  constructor({
    modelId,
    protocol,
    usable,
    message,
  }: {
    modelId: string;
    protocol: string;
    usable: readonly string[];
    message: string;
  }) {
    super({ name: 'KimiUnsupportedProtocolError', code: 'KIMI_UNSUPPORTED_PROTOCOL', message });
    this.modelId = modelId;
    this.protocol = protocol;
    this.usable = usable;
  }

  static override isInstance(error: unknown): error is KimiUnsupportedProtocolError {
    return hasCode(error, 'KIMI_UNSUPPORTED_PROTOCOL');
  }
}

/**
 * The server answered with a redirect that is not followed, so that prompt, identity and credential stay with the host
 * they are meant for.
 */
export class KimiRedirectError extends KimiError {
  /** Origin the request was sent to. */
  readonly from: string;

  /** Origin the server wanted it sent to; `unknown` where the runtime hides it. */
  readonly to: string;

  constructor({ from, to, message }: { from: string; to: string; message: string }) {
    super({ name: 'KimiRedirectError', code: 'KIMI_REDIRECT', message });
    this.from = from;
    this.to = to;
  }

  static override isInstance(error: unknown): error is KimiRedirectError {
    return hasCode(error, 'KIMI_REDIRECT');
  }
}

/** A file that an upload was to take from a URL did not come. Nothing was sent to Kimi. */
export class KimiDownloadError extends KimiError {
  /**
   * `address`: the host is this machine or in a private network. `status`: it answered with an error. `size`: the file
   * is larger than allowed. `redirects`: too many, or one that leads nowhere. `connection`: it cannot be reached, or
   * the answer broke off.
   */
  readonly reason: 'address' | 'status' | 'size' | 'redirects' | 'connection';

  /** Without query and credential, which may be secret. */
  readonly url: string;

  /** HTTP status of the answer, if there was one. */
  readonly statusCode: number | undefined;

  constructor({
    reason,
    url,
    statusCode,
    message,
    cause,
  }: {
    reason: KimiDownloadError['reason'];
    url: string;
    statusCode?: number | undefined;
    message: string;
    cause?: unknown;
  }) {
    super({ name: 'KimiDownloadError', code: 'KIMI_DOWNLOAD', message, cause });
    this.reason = reason;
    this.url = url;
    this.statusCode = statusCode;
  }

  static override isInstance(error: unknown): error is KimiDownloadError {
    return hasCode(error, 'KIMI_DOWNLOAD');
  }
}
