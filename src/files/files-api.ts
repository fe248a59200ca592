/** The endpoints of Kimi's files (docs/wire.md#file-uploads, #files-of-an-account). */
import { z } from 'zod/v4';
import { requestJSON } from '../api/request-json';
import type { FetchFunction } from '../transport/fetch';
import { lazy } from '../transport/lazy';
import { SilenceLimit } from '../transport/silence-limit';
import { fileIdOf } from './file-id';
import { uploadBody } from './upload-body';
import type { UploadContent } from './upload-content';

/** Who asks, and where. */
export type FilesAccess = {
  /** Signs in and identifies. */
  fetch: FetchFunction;
  apiBaseURL: string;
  /** Where the credential came from that was sent, for messages. */
  credentialSource: () => string | undefined;
  /** The credentials that were sent, so that no error shows them. */
  secrets: () => Iterable<string>;
  /** Of the settings and the call. They replace neither identity nor authorization. */
  headers: Record<string, string>;
  /** What of a request keeps the runtime's `fetch` from holding a whole body in memory. */
  streamingInit: RequestInit;
};

/** What Kimi says of a file. What it leaves out is `undefined`. */
export type FileRecord = {
  id: string;
  bytes?: number | undefined;
  filename?: string | undefined;
  purpose?: string | undefined;
  createdAt?: Date | undefined;
  expiresAt?: Date | undefined;
};

/** A time in seconds or milliseconds since the epoch, also as a string, or a date in words. */
const timeSchema = lazy(() =>
  z
    .union([z.number(), z.string().min(1)])
    .transform(value => {
      const number = typeof value === 'number' ? value : /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
      const date = Number.isNaN(number) ? new Date(value) : new Date(number < 1e11 ? number * 1000 : number);
      return Number.isNaN(date.getTime()) || date.getTime() <= 0 ? undefined : date;
    })
    .optional()
    .catch(undefined),
);

/** Only the `id` must be there (docs/wire.md#file-uploads); a field of another type counts as not said. */
const fileSchema = lazy(() =>
  z.object({
    id: z.unknown().transform(fileIdOf).pipe(z.string('no id of a file')),
    bytes: z.coerce.number().int().nonnegative().optional().catch(undefined),
    filename: z.string().min(1).optional().catch(undefined),
    purpose: z.string().min(1).optional().catch(undefined),
    created_at: timeSchema(),
    expires_at: timeSchema(),
  }),
);

const deletionSchema = lazy(() => z.object({ deleted: z.boolean().optional().catch(undefined) }));

/** Of an answer, in bytes. */
const ANSWER_LIMIT = 256 * 1024;

/** So long neither a piece of a file goes out or comes in, nor an answer. */
export const FILE_SILENCE_MS = 300_000;

/** Where files are: beside the chat of either wire, whose bases differ by `/v1` (docs/wire.md#file-uploads). */
export function filesURLOf(apiBaseURL: string): string {
  return `${apiBaseURL.replace(/\/v1$/, '')}/v1/files`;
}

/**
 * `POST /files`. Sends the whole of it; a body that is a `Blob` can be sent again after a 401.
 * @param options.onSent told after each piece how many bytes of the file have gone out
 * @throws as `requestJSON`, and what the reading of the file fails of
 */
export async function requestUpload(
  { apiBaseURL, streamingInit, ...access }: FilesAccess,
  content: UploadContent,
  { onSent, abortSignal }: { onSent?: ((sent: number) => void) | undefined; abortSignal?: AbortSignal | undefined },
): Promise<FileRecord> {
  const silence = new SilenceLimit({ firstByteMs: FILE_SILENCE_MS, idleMs: FILE_SILENCE_MS });
  let unreadable: { error: unknown } | undefined;
  const file = uploadBody(content, {
    onRead(sent) {
      silence.heard();
      silence.wait();
      onSent?.(sent);
    },
    onFailed(error) {
      unreadable ??= { error };
    },
  });
  try {
    const answer = await requestJSON({
      ...access,
      url: filesURLOf(apiBaseURL),
      file,
      init: streamingInit,
      silence,
      schema: fileSchema(),
      limit: ANSWER_LIMIT,
      abortSignal,
    });
    return toRecord(answer);
  } catch (error) {
    throw unreadable === undefined ? error : unreadable.error;
  }
}

/** `GET /files/<id>`. @throws as `requestJSON` */
export async function requestFile(
  { apiBaseURL, streamingInit: _, ...access }: FilesAccess,
  id: string,
  abortSignal?: AbortSignal,
): Promise<FileRecord> {
  const url = fileURLOf(apiBaseURL, id);
  return toRecord(await requestJSON({ ...access, url, schema: fileSchema(), limit: ANSWER_LIMIT, abortSignal }));
}

/** `DELETE /files/<id>`. @returns whether it is gone @throws as `requestJSON` */
export async function requestFileDeletion(
  { apiBaseURL, streamingInit: _, ...access }: FilesAccess,
  id: string,
  abortSignal?: AbortSignal,
): Promise<boolean> {
  const request = { ...access, url: fileURLOf(apiBaseURL, id), method: 'DELETE', limit: ANSWER_LIMIT, abortSignal };
  return (await requestJSON({ ...request, schema: deletionSchema() })).deleted !== false;
}

/** Of one file. @param id as `fileIdOf` gives it */
export function fileURLOf(apiBaseURL: string, id: string): string {
  return `${filesURLOf(apiBaseURL)}/${encodeURIComponent(id)}`;
}

function toRecord({ id, bytes, filename, purpose, ...times }: z.infer<ReturnType<typeof fileSchema>>): FileRecord {
  return {
    id,
    bytes,
    filename,
    purpose,
    createdAt: times.created_at,
    expiresAt: times.expires_at,
  };
}
