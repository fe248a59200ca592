/** What is the same in every runtime about a file that is taken from a URL (docs/decisions.md#61-files). */
import { KimiDownloadError, KimiInvalidArgumentError } from '../errors/kimi-error';

/** In bytes, where nothing else is set: what the platform takes (docs/wire.md#limits-of-files). */
export const DOWNLOAD_LIMIT = 100 * 1024 * 1024;

export const MOST_REDIRECTS = 5;

/** How long a download may take, in ms. */
export const DOWNLOAD_TIME_MS = 600_000;

const REDIRECTS = [301, 302, 303, 307, 308];

/**
 * A URL that may be asked for.
 * @throws KimiInvalidArgumentError for another scheme than http and https, and for one with a credential in it
 */
export function downloadURL(given: string | URL): URL {
  const url = URL.canParse(String(given)) ? new URL(given) : undefined;
  const problem =
    url === undefined
      ? 'is no URL'
      : url.protocol !== 'http:' && url.protocol !== 'https:'
        ? `begins with "${url.protocol}"; files are taken from http:// and https:// only`
        : url.username !== '' || url.password !== ''
          ? 'holds a user name or a password, which is not sent'
          : undefined;
  if (url === undefined || problem !== undefined) {
    throw new KimiInvalidArgumentError({
      argument: 'url',
      message: `The "url" to upload from ${problem}. Download the file yourself, and give its bytes as "data".`,
    });
  }
  return url;
}

/** Where the answer says that the file is; `undefined` where it is no redirect. @throws KimiDownloadError */
export function redirectOf(url: URL, status: number, location: string | null | undefined): URL | undefined {
  if (!REDIRECTS.includes(status)) {
    return undefined;
  }
  try {
    return downloadURL(new URL(location ?? '', url));
  } catch {
    throw downloadError(url, 'redirects', 'answered with a redirect to what is no http or https URL.', status);
  }
}

/** @throws KimiDownloadError unless the answer is the file, and not known to be too large */
export function checkAnswer(
  url: URL,
  { status, length, encoding }: { status: number; length: number | undefined; encoding: string | null | undefined },
  limit: number,
): void {
  if (status < 200 || status > 299) {
    throw downloadError(url, 'status', `answered with HTTP ${status}.`, status);
  }
  if (encoding && encoding !== 'identity') {
    throw downloadError(url, 'status', `answered with a file in the coding ${encoding}, which was not asked for.`);
  }
  if (length !== undefined && length > limit) {
    throw tooLarge(url, limit);
  }
}

export function tooLarge(url: URL, limit: number): KimiDownloadError {
  return downloadError(
    url,
    'size',
    `has more than ${limit} bytes, which is as much as is downloaded. The setting "limits.downloadBytes" allows more.`,
  );
}

export function privateAddress(url: URL): KimiDownloadError {
  return downloadError(
    url,
    'address',
    'is at an address of this machine or of a private network, where nothing is taken from, so that nobody can have ' +
      'it read to the model. Where that is meant, set "allowPrivateAddresses" of the upload, or of the provider.',
  );
}

export function downloadError(
  { origin, pathname }: URL,
  reason: KimiDownloadError['reason'],
  what: string,
  statusCode?: number,
  cause?: unknown,
): KimiDownloadError {
  const url = `${origin}${pathname}`;
  return new KimiDownloadError({ reason, url, statusCode, message: `The file at ${url} ${what}`, cause });
}

/** The last part of the path, which most often is a name. */
export function filenameOf({ pathname }: URL): string | undefined {
  const last = pathname.split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(last) || undefined;
  } catch {
    return last || undefined;
  }
}
