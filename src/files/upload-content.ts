import type { ByteSource } from './byte-pieces';
import type { FilePurpose } from './media-type';

/** A file that is ready to be sent, as often as it must be. */
export type UploadContent = {
  /** A whole type, for example `video/mp4`. */
  mediaType: string;
  purpose: FilePurpose;
  filename: string;
  byteSize: number;
  /** SHA-256 of the content, 64 hex digits in lower case. */
  hash: string;
  content: Blob;
  /** The content from its beginning, piece by piece, as often as it is asked for. */
  read(): ByteSource;
  /** Removes what was written for it. */
  dispose(): Promise<void>;
};

/** Who is told while a file is sent. */
export type ReadingWatch = {
  /** After each piece: how many bytes were read so far. */
  onRead(bytes: number): void;
  /** The file cannot be read, which `fetch` would call a failure of the network. */
  onFailed(error: unknown): void;
};

/** Bytes that can be read again and again: in memory, or on the disk. */
export type RereadableBytes = {
  byteSize: number;
  hash: string;
  /** The first 4 kB. */
  head: Uint8Array;
  /** What a server or a file system says of them. */
  mediaType?: string | undefined;
  filename?: string | undefined;
  content: Blob;
  /** The same from its beginning, piece by piece, as often as it is asked for. */
  read(): ByteSource;
  /** Removes what was written for it. */
  dispose(): Promise<void>;
};

/** What bounds and watches the reading of a source. */
export type ReadingOptions = {
  abortSignal?: AbortSignal | undefined;
  /** Told how many bytes have come, and of how many, where that is known. */
  onRead?: ((read: number, total: number | undefined) => void) | undefined;
};

/** What `#platform` has for uploads. */
export type UploadSources = {
  /** @throws KimiInvalidArgumentError where there is no disk, or no such file */
  openPath(path: string | URL, options: ReadingOptions): Promise<RereadableBytes>;
  /** Of a stream so much is kept in memory as `memoryLimit` says; the rest goes to a temporary file. */
  openStream(stream: ByteSource, options: ReadingOptions): Promise<RereadableBytes>;
  openBytes(bytes: Blob, options: ReadingOptions): Promise<RereadableBytes>;
  /** Fetches as nobody. @throws KimiDownloadError, KimiInvalidArgumentError */
  openURL(url: string | URL, options: DownloadOptions): Promise<RereadableBytes>;
  /** See `FilesAccess.streamingInit`. */
  streamingInit: RequestInit;
};

export type DownloadOptions = ReadingOptions & {
  /** In bytes. */
  limit: number;
  /** Takes addresses of this machine and of private networks. */
  allowPrivateAddresses: boolean;
};
