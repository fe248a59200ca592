import { combineHeaders, convertBase64ToUint8Array, normalizeHeaders } from '@ai-sdk/provider-utils';
import type { MediaUploads } from '../engine/call-target';
import { KimiInvalidArgumentError } from '../errors/kimi-error';
import { isByteSource } from '../files/byte-pieces';
import { DOWNLOAD_LIMIT } from '../files/download-url';
import { FileUploads, type UploadOptions, type UploadResult } from '../files/file-uploads';
import type { FilesAccess } from '../files/files-api';
import type { KimiFile, KimiUploadOptions } from '../files/kimi-file';
import { IMAGE_TYPES, mediaTypeOf, nameFor, purposeOf, VIDEO_TYPES } from '../files/media-type';
import type { DownloadOptions, RereadableBytes, UploadContent, UploadSources } from '../files/upload-content';
import { untilAborted } from '../transport/wait';
import { accountNames, KeptByAccount } from './account-name';
import { loadPlatform } from './load-platform';
import type { KimiProviderSettings } from './kimi-provider-settings';
import type { Access, CallResolver } from './resolve-call';
import { anySignal } from '../transport/any-signal';

/** The four places that bytes come from. */
const SOURCES = ['data', 'path', 'stream', 'url'] as const;

/** What the accounts of a provider have uploaded, and how more gets there. */
export class AccountFiles {
  private readonly calls: CallResolver;
  private readonly settings: KimiProviderSettings;
  private readonly accounts = new KeptByAccount<FileUploads>();
  private readonly nameOf = accountNames();

  constructor(calls: CallResolver, settings: KimiProviderSettings) {
    this.calls = calls;
    this.settings = settings;
  }

  /** See `KimiFiles.upload`. @param headers added to the request */
  async upload(options: KimiUploadOptions, headers?: Record<string, string | undefined>): Promise<KimiFile> {
    checkOptions(options);
    const failed = new AbortController();
    const abortSignal = anySignal(failed.signal, options.abortSignal);
    abortSignal.throwIfAborted();
    const tell: NonNullable<KimiUploadOptions['onProgress']> = progress => {
      try {
        options.onProgress?.(progress);
      } catch (error) {
        failed.abort(error);
      }
    };
    // Settings that cannot work are told before anything is read or downloaded.
    const access = await untilAborted(this.calls.access(), abortSignal);
    const platform = await loadPlatform();
    const bytes = await openSource(platform, options, {
      limit: this.settings.limits?.downloadBytes ?? DOWNLOAD_LIMIT,
      allowPrivateAddresses: (options.allowPrivateAddresses ?? this.settings.allowPrivateAddresses) === true,
      abortSignal,
      onRead: (read, total) => tell({ phase: 'read', bytes: read, total }),
    });
    const content = await contentOf(bytes, options);
    try {
      const total = content.byteSize;
      const useCache = options.cache !== false;
      const onSent = (sent: number): void => tell({ phase: 'send', bytes: sent, total });
      return await this.send(access, content, { useCache, onSent, abortSignal }, headers);
    } catch (error) {
      await content.dispose();
      throw error;
    }
  }

  /** For media of a prompt, with the access of its call. */
  uploadsIn(access: Access): MediaUploads {
    return {
      upload: async ({ data, mediaType, abortSignal }) => {
        const { openBytes } = await loadPlatform();
        const bytes = await openBytes(blobOf(data), { abortSignal });
        const content = await contentOf(bytes, { data, mediaType });
        return this.send(access, content, { useCache: true, abortSignal });
      },
      forget: async id => (await this.uploadsOf(access)).forget(id),
    };
  }

  private async send(
    access: Access,
    content: UploadContent,
    options: UploadOptions,
    headers?: Record<string, string | undefined>,
  ): Promise<KimiFile> {
    const uploads = await untilAborted(this.uploadsOf(access), options.abortSignal);
    const result = await uploads.upload(await this.filesAccess(access, headers), content, options);
    access.log?.info('file', { id: result.id, bytes: content.byteSize, sent: !result.isCached });
    return toKimiFile(result, content);
  }

  /** For requests about files that are there already. */
  access(
    headers: Record<string, string | undefined> | undefined,
    abortSignal: AbortSignal | undefined,
  ): Promise<{ access: FilesAccess; uploads: FileUploads }> {
    const found = this.calls.access().then(async access => ({
      access: await this.filesAccess(access, headers),
      uploads: await this.uploadsOf(access),
    }));
    return untilAborted(found, abortSignal);
  }

  private async filesAccess(
    { place, fetch, credentialSource, secrets }: Access,
    headers: Record<string, string | undefined> | undefined,
  ): Promise<FilesAccess> {
    const { streamingInit } = await loadPlatform();
    const added = normalizeHeaders(combineHeaders(this.settings.headers, headers));
    // A form's own, with its boundary.
    delete added['content-type'];
    return {
      fetch,
      apiBaseURL: place.endpoints.apiBaseURL,
      credentialSource,
      secrets,
      streamingInit,
      headers: added,
    };
  }

  private async uploadsOf(access: Access): Promise<FileUploads> {
    const name = await this.nameOf(access);
    return this.accounts.of(name, async () => {
      const { openFileCache } = await loadPlatform();
      const cache = openFileCache(name, this.calls.environment());
      return new FileUploads({ cache, now: this.settings.now ?? Date.now });
    });
  }
}

/** Options besides the source, and what each must be. */
const OPTION_TYPES = {
  mediaType: ['string', 'a string'],
  filename: ['string', 'a string'],
  cache: ['boolean', 'true or false'],
  allowPrivateAddresses: ['boolean', 'true or false'],
  onProgress: ['function', 'a function'],
} as const satisfies Partial<Record<keyof KimiUploadOptions, readonly [type: string, must: string]>>;

/** @throws KimiInvalidArgumentError for what would fail later, with an error that names nothing */
function checkOptions(options: KimiUploadOptions): void {
  const given = SOURCES.filter(name => options?.[name] !== undefined);
  if (given.length !== 1) {
    throw new KimiInvalidArgumentError({
      argument: 'data',
      message:
        `An upload takes exactly one of ${SOURCES.map(name => `"${name}"`).join(', ')}; ` +
        `${given.length === 0 ? 'none was' : `${given.map(name => `"${name}"`).join(' and ')} were`} given.`,
    });
  }
  for (const [argument, [type, must]] of Object.entries(OPTION_TYPES)) {
    const value = options[argument as keyof typeof OPTION_TYPES];
    if (value !== undefined && typeof value !== type) {
      throw new KimiInvalidArgumentError({ argument, message: `"${argument}" of an upload must be ${must}.` });
    }
  }
}

async function openSource(
  platform: UploadSources,
  options: KimiUploadOptions,
  reading: DownloadOptions,
): Promise<RereadableBytes> {
  const { data, path, stream, url } = options;
  if (path !== undefined) {
    return platform.openPath(path, reading);
  }
  if (stream !== undefined) {
    if (!isByteSource(stream)) {
      const message = 'The "stream" to upload must be a ReadableStream of bytes, or what "for await" gets bytes from.';
      throw new KimiInvalidArgumentError({ argument: 'stream', message });
    }
    return platform.openStream(stream, reading);
  }
  return url === undefined ? platform.openBytes(blobOf(data), reading) : platform.openURL(url, reading);
}

function blobOf(data: KimiUploadOptions['data']): Blob {
  if (data instanceof Blob) {
    return data;
  }
  try {
    const bytes = typeof data === 'string' ? convertBase64ToUint8Array(data) : data;
    if (bytes instanceof ArrayBuffer || ArrayBuffer.isView(bytes)) {
      return new Blob([bytes as Uint8Array<ArrayBuffer>]);
    }
  } catch {
    // Said below. The error of the decoder would quote what it was given.
  }
  throw new KimiInvalidArgumentError({
    argument: 'data',
    message: 'The "data" to upload must be bytes (Uint8Array, ArrayBuffer, Blob) or a string in base64.',
  });
}

/** @throws KimiInvalidArgumentError for what Kimi does not take; the bytes are disposed of */
async function contentOf(bytes: RereadableBytes, options: KimiUploadOptions): Promise<UploadContent> {
  const given = options.filename ?? bytes.filename;
  const stated = options.mediaType ?? bytes.mediaType;
  const mediaType = mediaTypeOf({ stated, head: bytes.head, filename: given });
  const purpose = mediaType === undefined ? undefined : purposeOf(mediaType);
  if (mediaType === undefined || purpose === undefined || bytes.byteSize === 0) {
    await bytes.dispose();
    throw new KimiInvalidArgumentError(
      bytes.byteSize === 0
        ? { argument: 'data', message: 'The file to upload is empty.' }
        : {
            argument: 'mediaType',
            message:
              `Kimi takes images (${IMAGE_TYPES.join(', ')}) and videos (${VIDEO_TYPES.join(', ')}); the file to ` +
              `upload is ${mediaType === undefined ? 'of an unknown type: set "mediaType"' : `of type ${mediaType}`}.`,
          },
    );
  }
  const filename = plainName(given) ?? nameFor(mediaType);
  return { ...bytes, mediaType, purpose, filename };
}

/** Without folders and without what would end the header that it stands in. */
function plainName(name: string | undefined): string | undefined {
  const last = name?.split(/[/\\]/).at(-1) ?? '';
  // oxlint-disable-next-line no-control-regex -- those are what goes
  return last.replace(/[\u0000-\u001f\u007f"]/g, '').slice(-200) || undefined;
}

function toKimiFile({ id, createdAt, expiresAt, isCached }: UploadResult, content: UploadContent): KimiFile {
  const { mediaType, purpose, byteSize, hash, filename } = content;
  return {
    reference: `ms://${id}`,
    id,
    mediaType,
    purpose,
    byteSize,
    hash,
    filename,
    createdAt: createdAt === undefined ? undefined : new Date(createdAt),
    expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt),
    isCached,
  };
}
