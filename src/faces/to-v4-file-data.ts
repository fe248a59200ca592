import type { SharedV4FileData } from '@ai-sdk/provider';

/** File data of any dialect: bytes, base64, a URL or a string that is one (V2, V3), or V4's tagged form. */
export function toV4FileData(data: unknown): SharedV4FileData {
  if (data instanceof URL) {
    return { type: 'url', url: data };
  }
  if (data instanceof Uint8Array) {
    return { type: 'data', data };
  }
  if (typeof data === 'string') {
    // Base64 has no colon, so a scheme is unmistakable.
    return /^[a-z][a-z0-9+.-]*:/i.test(data) ? { type: 'url', url: new URL(data) } : { type: 'data', data };
  }
  return data as SharedV4FileData;
}
