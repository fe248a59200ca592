import type { FilesLedger } from '../files-ledger';
import type { SimulatorRule } from './simulator-rule';
import { IMAGE_TYPES, VIDEO_TYPES } from './media-types';

/** What an upload says of itself; `undefined` for what it leaves out. */
export type UploadSubject = {
  /** Whether the body is multipart that can be read. */
  isForm: boolean;
  purpose: string | undefined;
  file: { filename: string; mediaType: string; byteSize: number } | undefined;
  owner: string;
  files: FilesLedger;
};

/** A rule of an upload: its row and the one function that decides. Without a text the upload is fine. */
type FileRule = SimulatorRule & { check(subject: UploadSubject): string | undefined };

const refusal = {
  kind: 'refusal',
  status: 400,
  type: 'invalid_request_error',
  confidence: 'assumed',
  wording: 'ours',
} as const;

/** In the order in which they are asked; the first refusal is the answer. */
export const FILE_RULES: readonly FileRule[] = [
  {
    ...refusal,
    rule: 'file-form',
    summary: 'An upload that is no multipart form with a `file` that has a name and a type.',
    source: 'docs/wire.md#file-uploads: what the official client sends',
    text: 'Invalid request: file is required',
    check: ({ isForm, file }) =>
      !isForm || file === undefined || file.filename === '' || file.mediaType === ''
        ? 'Invalid request: file is required'
        : undefined,
  },
  {
    ...refusal,
    rule: 'file-purpose',
    summary: 'A `purpose` other than `image` and `video`; the platform has two more, which this package does not use.',
    source: 'docs/wire.md#file-uploads',
    text: 'Invalid request: unsupported purpose: …',
    check: ({ purpose }) =>
      purpose === 'image' || purpose === 'video' ? undefined : `Invalid request: unsupported purpose: ${purpose ?? ''}`,
  },
  {
    ...refusal,
    rule: 'file-type',
    summary: 'A file whose type is not of its purpose, or one that no client sends.',
    source: 'docs/wire.md#image-input, #video-input',
    text: 'Invalid request: unsupported file type: …',
    check({ purpose, file }) {
      const types = purpose === 'image' ? IMAGE_TYPES : VIDEO_TYPES;
      return types.some(type => file?.mediaType === `${purpose}/${type}`)
        ? undefined
        : `Invalid request: unsupported file type: ${file?.mediaType}`;
    },
  },
  {
    ...refusal,
    rule: 'file-empty',
    summary: 'A file without content.',
    source: 'docs/wire.md#error-media',
    confidence: 'reported',
    text: 'File size is zero',
    wording: 'real',
    check: ({ file }) => (file?.byteSize === 0 ? 'File size is zero' : undefined),
  },
  {
    ...refusal,
    rule: 'file-size',
    summary: 'A file above 100 MB.',
    source: 'docs/wire.md#limits-of-files, for the platform; of the coding service nobody says it',
    confidence: 'reported',
    text: 'Invalid request: file size exceeds the limit of … bytes',
    check: ({ file, files }) =>
      (file?.byteSize ?? 0) > files.limits.bytes
        ? `Invalid request: file size exceeds the limit of ${files.limits.bytes} bytes`
        : undefined,
  },
  {
    ...refusal,
    rule: 'file-quota',
    summary: 'More than 1,000 files of an account, or more than 10 GB.',
    source: 'docs/wire.md#limits-of-files, for the platform; of the coding service nobody says it',
    confidence: 'reported',
    text: 'Invalid request: the account has too many files; delete some of them',
    check({ file, files, owner }) {
      const own = files.of(owner);
      const bytes = own.reduce((sum, { content }) => sum + content.byteLength, file?.byteSize ?? 0);
      return own.length >= files.limits.files || bytes > files.limits.totalBytes
        ? 'Invalid request: the account has too many files; delete some of them'
        : undefined;
    },
  },
];

/** A file that the account does not have: never uploaded, deleted, expired, or somebody else's. */
export const FILE_NOT_FOUND: SimulatorRule = {
  ...refusal,
  rule: 'file-not-found',
  summary: 'A file that the account does not have: never uploaded, deleted, expired, or of another account.',
  source: 'docs/wire.md#files-of-an-account',
  status: 404,
  type: 'resource_not_found_error',
  text: 'Not found the file or Permission denied',
};
