/**
 * Fetches a file as nobody: no credential, no identity, no cookie, and, unless that is allowed, from nowhere but the
 * internet (docs/decisions.md#61-files). Node's own client and not `fetch`, because only here the address that was
 * looked at is the one that is connected to, also after a redirect and where a name changes its address in between.
 */
import { lookup } from 'node:dns';
import { request as requestHTTP, type IncomingMessage } from 'node:http';
import { request as requestHTTPS } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import {
  checkAnswer,
  downloadError,
  downloadURL,
  filenameOf,
  MOST_REDIRECTS,
  privateAddress,
  redirectOf,
} from '../files/download-url';
import type { KimiDownloadError } from '../errors/kimi-error';
import { isPublicAddress } from './public-address';

/** Neither a byte came nor one went. */
const SILENCE_MS = 30_000;

/** The beginning of an answer. */
export type Download = {
  url: URL;
  body: IncomingMessage;
  byteSize: number | undefined;
  mediaType: string | undefined;
  filename: string | undefined;
};

export type DownloadRequest = {
  /** In bytes; what says that it is larger is not read. */
  limit: number;
  allowPrivateAddresses: boolean;
  abortSignal: AbortSignal;
  /** Which addresses may be connected to. */
  isPublic?: ((address: string) => boolean) | undefined;
};

/** @throws KimiDownloadError, KimiInvalidArgumentError, the reason of the signal */
export async function download(given: string | URL, request: DownloadRequest): Promise<Download> {
  let url = downloadURL(given);
  for (let redirects = 0; ; redirects++) {
    const body = await answerOf(url, request);
    const status = body.statusCode ?? 0;
    try {
      const next = redirectOf(url, status, body.headers.location);
      if (next === undefined) {
        const length = Number(body.headers['content-length'] ?? Number.NaN);
        const byteSize = Number.isNaN(length) ? undefined : length;
        const encoding = body.headers['content-encoding'];
        checkAnswer(url, { status, length: byteSize, encoding }, request.limit);
        return { url, body, byteSize, mediaType: body.headers['content-type'], filename: filenameOf(url) };
      }
      if (redirects === MOST_REDIRECTS) {
        throw downloadError(url, 'redirects', `was behind more than ${MOST_REDIRECTS} redirects.`);
      }
      body.destroy();
      url = next;
    } catch (error) {
      body.destroy();
      throw error;
    }
  }
}

/** Marks what the lookup refuses, on its way through Node's client. */
class PrivateAddress extends Error {}

function answerOf(
  url: URL,
  { allowPrivateAddresses, abortSignal, isPublic = isPublicAddress }: DownloadRequest,
): Promise<IncomingMessage> {
  const isAllowed = (address: string): boolean => allowPrivateAddresses || isPublic(address);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  // An address is not looked up, so that nobody would look at it.
  if (isIP(host) !== 0 && !isAllowed(host)) {
    throw privateAddress(url);
  }
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? requestHTTPS : requestHTTP;
    const sent = send(url, {
      // Of its own: a connection that somebody else opened went to an address that was not looked at.
      agent: false,
      // What Node's `fetch` says of itself, for servers that want to be told something.
      headers: { Accept: '*/*', 'Accept-Encoding': 'identity', 'User-Agent': 'node' },
      lookup: allowedLookup(isAllowed),
      signal: abortSignal,
      timeout: SILENCE_MS,
    });
    sent.once('response', resolve);
    sent.once('timeout', () => sent.destroy(new Error(`nothing came within ${SILENCE_MS / 1000} s`)));
    sent.once('error', error => reject(abortSignal.aborted ? abortSignal.reason : failureOf(url, error)));
    sent.end();
  });
}

/** Gives of a name's addresses only those that may be connected to. */
function allowedLookup(isAllowed: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, '', 0);
        return;
      }
      const allowed = addresses.filter(({ address }) => isAllowed(address));
      const [first] = allowed;
      if (first === undefined) {
        callback(new PrivateAddress(hostname), '', 0);
      } else if (options.all === true) {
        callback(null, allowed);
      } else {
        callback(null, first.address, first.family);
      }
    });
  };
}

/** What a request or the reading of its answer failed of. */
export function failureOf(url: URL, error: unknown): KimiDownloadError {
  if (error instanceof PrivateAddress) {
    return privateAddress(url);
  }
  const { code, message } = error as NodeJS.ErrnoException;
  return downloadError(url, 'connection', `cannot be downloaded: ${code ?? message}.`, undefined, error);
}
