import { Option } from 'commander';
import { KimiInvalidArgumentError } from '../../errors/kimi-error';
import type { KimiFile, KimiUploadOptions } from '../../files/kimi-file';
import { nonEmpty, printJSON, type Command, type CommandContext } from '../command';
import { EXIT_CODES, UsageError } from '../failures';
import { loginOptions, openKimi, type LoginOptions } from '../login-choice';
import { progressForPeople, type Progress } from '../terminal';
import { timeUntil } from '../wording';

type UploadOptions = LoginOptions & {
  type?: string | undefined;
  name?: string | undefined;
  /** False with `--no-cache`. */
  cache?: boolean | undefined;
  allowPrivate?: boolean | undefined;
};

export const upload: Command<UploadOptions> = {
  name: 'upload',
  description: 'Upload an image or a video, and print its ms:// reference.',
  words: ['<file>', 'a path, or an http(s) URL'],
  options: [
    new Option('--type <type>', 'for example video/mp4 (default: by content)').argParser(nonEmpty),
    new Option('--name <name>', 'file name that Kimi is told').argParser(nonEmpty),
    new Option('--no-cache', 'send it, even if it was sent before'),
    new Option('--allow-private', 'take a URL of this machine or a private network'),
    ...loginOptions('all'),
  ],
  run: uploadFile,
};

/** One file. A pipe gets the reference alone, people what Kimi has now. */
async function uploadFile(context: CommandContext, options: UploadOptions, words: readonly string[]): Promise<number> {
  const [given = ''] = words;
  const source = /^https?:\/\//i.test(given) ? { url: given } : { path: given };
  if (options.allowPrivate === true && source.url === undefined) {
    throw new UsageError('--allow-private goes with a URL; a path is read as it is.');
  }
  const { files } = await openKimi(context, options);
  const progress = await progressForPeople(context, options);
  progress?.show('Reading the file');
  let file: KimiFile;
  try {
    file = await files.upload({
      ...source,
      mediaType: options.type,
      filename: options.name,
      cache: options.cache,
      ...(options.allowPrivate === true ? { allowPrivateAddresses: true } : {}),
      onProgress: progress === undefined ? undefined : showing(progress),
      abortSignal: context.abortSignal,
    });
  } catch (error) {
    const isType = KimiInvalidArgumentError.isInstance(error) && error.argument === 'mediaType';
    throw isType ? new UsageError(error.message.replace('"mediaType"', '--type')) : error;
  } finally {
    progress?.stop();
  }
  show(context, file, options);
  return EXIT_CODES.ok;
}

/** Each tenth of the way once: a stream that is no terminal would get a line for each block. */
function showing(progress: Progress): NonNullable<KimiUploadOptions['onProgress']> {
  let last = '';
  return ({ phase, bytes, total }) => {
    const what = phase === 'read' ? 'Reading the file' : 'Sending it to Kimi';
    const done = total === undefined ? size(bytes) : `${Math.floor((bytes / total) * 10) * 10} % of ${size(total)}`;
    const text = `${what}: ${done}`;
    if (text !== last && (total !== undefined || bytes % (8 * 1024 * 1024) < 64 * 1024)) {
      last = text;
      progress.show(text);
    }
  };
}

function show({ output, now }: CommandContext, file: KimiFile, { json }: UploadOptions): void {
  const { reference, id, mediaType, purpose, byteSize, hash, filename, createdAt, expiresAt, isCached } = file;
  if (json === true) {
    const times = { createdAt: createdAt?.toISOString() ?? null, expiresAt: expiresAt?.toISOString() ?? null };
    printJSON({ output }, { reference, id, mediaType, purpose, byteSize, hash, filename, ...times, isCached });
    return;
  }
  output.line(reference);
  if (!output.isTTY) {
    return;
  }
  output.fields([
    ['File', filename],
    ['Type', mediaType],
    ['Size', size(byteSize)],
    ['Ends', expiresAt && timeUntil(expiresAt, now())],
    ['Sent', isCached ? 'no, Kimi has it already' : 'now'],
  ]);
}

/** `1536` as `1.5 kB`. */
function size(bytes: number): string {
  if (bytes < 1000) {
    return `${bytes} bytes`;
  }
  const [unit, divisor] = bytes < 1_000_000 ? ['kB', 1000] : ['MB', 1_000_000];
  return `${(bytes / (divisor as number)).toFixed(1)} ${unit}`;
}
