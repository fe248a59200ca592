import type { FilesV4, SharedV4ProviderReference, SharedV4Warning } from '@ai-sdk/provider';
import { KimiAPIError } from '../errors/kimi-api-error';
import { KimiInvalidArgumentError } from '../errors/kimi-error';
import { requestFileContent } from '../files/file-content';
import { fileIdOf } from '../files/file-id';
import { requestFile, requestFileDeletion } from '../files/files-api';
import type { KimiFiles, KimiUploadOptions } from '../files/kimi-file';
import { checkHeaders } from '../transport/headers';
import type { AccountFiles } from './account-files';

type UploadData = Parameters<FilesV4['uploadFile']>[0]['data'];

/** Uploads of a provider, in this package's words and in those of AI SDK 7. @param name the provider's `name` */
export function kimiFiles(files: AccountFiles, name: string): KimiFiles {
  const specification = filesV4(files, name);
  return Object.assign(() => specification, { upload: (options: KimiUploadOptions) => files.upload(options) });
}

function filesV4(files: AccountFiles, name: string): FilesV4 {
  const idOf = (file: SharedV4ProviderReference): string => {
    const reference: unknown = file[name] ?? file.kimi;
    const id = fileIdOf(reference);
    if (id === undefined) {
      throw new KimiInvalidArgumentError({
        argument: 'file',
        message:
          `The reference of the file has no id of Kimi: its "${name}" is ` +
          `${reference === undefined || reference === '' ? 'missing' : 'none'}.`,
      });
    }
    return id;
  };
  return {
    specificationVersion: 'v4',
    provider: `${name}.files`,

    async uploadFile({ data, mediaType, filename, abortSignal, headers, providerOptions }) {
      checkHeaders(headers);
      const { cache, warnings } = uploadOptions({ ...providerOptions?.kimi, ...providerOptions?.[name] });
      const source = sourceOf(data);
      const file = await files.upload({ ...source, mediaType, filename, abortSignal, cache }, headers);
      const { reference, id, hash, purpose, isCached, byteSize, createdAt, expiresAt } = file;
      return {
        providerReference: { kimi: reference },
        mediaType: file.mediaType,
        filename: file.filename,
        byteSize,
        ...(createdAt === undefined ? {} : { createdAt }),
        ...(expiresAt === undefined ? {} : { expiresAt }),
        providerMetadata: { kimi: { id, hash, purpose, isCached } },
        warnings,
      };
    },

    async getFileMetadata({ file, abortSignal, headers }) {
      checkHeaders(headers);
      const id = idOf(file);
      const found = await known(files, id, { headers, abortSignal }, ({ access }) =>
        requestFile(access, id, abortSignal),
      );
      return {
        providerReference: { kimi: `ms://${found.id}` },
        ...(found.filename === undefined ? {} : { filename: found.filename }),
        ...(found.bytes === undefined ? {} : { byteSize: found.bytes }),
        ...(found.createdAt === undefined ? {} : { createdAt: found.createdAt }),
        ...(found.expiresAt === undefined ? {} : { expiresAt: found.expiresAt }),
        providerMetadata: { kimi: { id: found.id, ...(found.purpose ? { purpose: found.purpose } : {}) } },
        warnings: [],
      };
    },

    async downloadFile({ file, abortSignal, headers }) {
      checkHeaders(headers);
      const id = idOf(file);
      const content = await known(files, id, { headers, abortSignal }, ({ access }) =>
        requestFileContent(access, id, abortSignal),
      );
      return { ...content, warnings: [] };
    },

    async deleteFile({ file, abortSignal, headers }) {
      checkHeaders(headers);
      const id = idOf(file);
      const deleted = await known(files, id, { headers, abortSignal }, async ({ access, uploads }) => {
        const isGone = await requestFileDeletion(access, id, abortSignal);
        if (isGone) {
          await uploads.forget(id);
        }
        return isGone;
      });
      return { providerReference: { kimi: `ms://${id}` }, deleted, warnings: [] };
    },
  };
}

/** A request about a file; where Kimi does not have it, no later upload counts on it. */
async function known<T>(
  files: AccountFiles,
  id: string,
  call: { headers?: Record<string, string | undefined> | undefined; abortSignal?: AbortSignal | undefined },
  request: (account: Awaited<ReturnType<AccountFiles['access']>>) => Promise<T>,
): Promise<T> {
  const account = await files.access(call.headers, call.abortSignal);
  try {
    return await request(account);
  } catch (error) {
    if (KimiAPIError.isInstance(error) && error.statusCode === 404) {
      await account.uploads.forget(id);
    }
    throw error;
  }
}

function sourceOf(data: UploadData): { data: Uint8Array | string } | { stream: ReadableStream<Uint8Array> } {
  switch (data.type) {
    case 'data':
      return { data: data.data };
    case 'text':
      return { data: new TextEncoder().encode(data.text) };
    case 'stream':
      return { stream: data.stream };
  }
}

function uploadOptions(given: Record<string, unknown>): { cache: boolean | undefined; warnings: SharedV4Warning[] } {
  const { cache, ...unknown } = given;
  if (cache !== undefined && typeof cache !== 'boolean') {
    const argument = 'providerOptions.kimi.cache';
    throw new KimiInvalidArgumentError({ argument, message: `${argument} must be true or false.` });
  }
  const warnings = Object.keys(unknown).map((key): SharedV4Warning => {
    const message = `providerOptions.kimi.${key} is not an option of an upload and was ignored. Options: cache.`;
    return { type: 'other', message };
  });
  return { cache, warnings };
}
