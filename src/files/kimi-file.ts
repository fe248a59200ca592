import type { FilesV4 } from '@ai-sdk/provider';
import type { FilePurpose } from './media-type';

/** Where the bytes of an upload come from: one of four. */
type KimiUploadSource =
  | {
      /** Bytes; a string is base64. */
      data: Uint8Array | ArrayBuffer | Blob | string;
      path?: undefined;
      stream?: undefined;
      url?: undefined;
    }
  | {
      /** A file on this machine, read in pieces: memory does not grow with it. Not on edge runtimes. */
      path: string | URL;
      data?: undefined;
      stream?: undefined;
      url?: undefined;
    }
  | {
      /** A stream of bytes. What is longer than 8 MiB goes through a temporary file; on edge runtimes through memory. */
      stream: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;
      data?: undefined;
      path?: undefined;
      url?: undefined;
    }
  | {
      /**
       * An http or https URL that is fetched first, without credential, identity or cookies: up to
       * `limits.downloadBytes`, five redirects and ten minutes, from the internet only unless `allowPrivateAddresses`.
       * On edge runtimes only with `allowPrivateAddresses`.
       */
      url: string | URL;
      data?: undefined;
      path?: undefined;
      stream?: undefined;
    };

/** Options of `kimi.files.upload`. */
export type KimiUploadOptions = KimiUploadSource & {
  /**
   * For example `video/mp4`, or only `video`. Default: what the bytes, the server of the `url`, or the name say. Kimi
   * takes images and videos.
   */
  mediaType?: string | undefined;
  /** Default: that of the path or URL. */
  filename?: string | undefined;
  /** `false`: sends it, even where the account has uploaded the same content before. @default true */
  cache?: boolean | undefined;
  /** Takes a `url` on this machine or in a private network. @default the setting of the provider, which is false */
  allowPrivateAddresses?: boolean | undefined;
  /** Told of progress. What it throws ends the upload. */
  onProgress?: ((progress: KimiUploadProgress) => void) | undefined;
  abortSignal?: AbortSignal | undefined;
};

/** How far an upload is. */
export type KimiUploadProgress = {
  /** `read`: the source is read, or downloaded, for its hash. `send`: Kimi gets it; from 0 again where it is repeated. */
  phase: 'read' | 'send';
  bytes: number;
  /** `undefined` while nobody knows. */
  total: number | undefined;
};

/** A file that Kimi has. */
export type KimiFile = {
  /** `ms://<id>`, for a file part: `{ type: 'file', mediaType, data: new URL(reference) }`. */
  reference: string;
  id: string;
  mediaType: string;
  /** What Kimi was told that it is for. */
  purpose: FilePurpose;
  byteSize: number;
  /** SHA-256 of the content: 64 hex digits in lower case. */
  hash: string;
  filename: string;
  /** Where Kimi says so. */
  createdAt: Date | undefined;
  /** When Kimi will have forgotten it, where it says so. */
  expiresAt: Date | undefined;
  /** Whether the account had the content already, so that nothing was sent. */
  isCached: boolean;
};

/** Files of an account. Called, it is the AI SDK's `FilesV4`, for `uploadFile` of AI SDK 7. */
export interface KimiFiles {
  (): FilesV4;
  /**
   * Uploads an image or a video, once for each content: repeated, it gives the same reference without a request, as
   * long as Kimi is known to have it, in other processes, too. A network that fails and a server that fails or is busy
   * are tried again twice.
   * @throws KimiInvalidArgumentError for what cannot be read or Kimi does not take, before anything is sent
   * @throws KimiDownloadError for a `url` that does not give its file
   * @throws KimiAPIError where Kimi refuses or cannot be reached; KimiLoginRequiredError, KimiTokenRefreshError; the
   *   reason of `abortSignal`
   */
  upload(options: KimiUploadOptions): Promise<KimiFile>;
}
