import { z } from 'zod/v4';
import { KimiCredentialStoreError } from '../errors/kimi-error';
import type {
  KimiApiKeyCredentials,
  KimiCredentialBinding,
  KimiCredentials,
  KimiOAuthCredentials,
} from './credential-store';

/**
 * Version of the record that this package writes. A reader refuses a newer one: it cannot know what it would lose by
 * writing it back. `issuedFor` came without a new version: earlier readers drop it, and what they save is then a record
 * that does not say it, as before. A new version would have locked them out of a login that several programs share.
 */
const VERSION = 1;

const bindingSchema = z.object({
  oauthHost: z.string().min(1).max(2048),
  apiOrigin: z.string().min(1).max(2048),
  account: z.string().max(2048),
}) satisfies z.ZodType<KimiCredentialBinding>;

const oauthSchema = z.object({
  type: z.literal('oauth'),
  accessToken: z.string(),
  refreshToken: z.string(),
  expiresAt: z.number().nonnegative(),
  expiresIn: z.number().nonnegative(),
  scope: z.string(),
  tokenType: z.string(),
  issuedFor: bindingSchema.optional(),
}) satisfies z.ZodType<KimiOAuthCredentials>;

const apiKeySchema = z.object({
  type: z.literal('api-key'),
  key: z.string().min(1),
  service: z.enum(['coding', 'platform']),
  region: z.enum(['mainland-cn', 'global']),
  issuedFor: bindingSchema.optional(),
}) satisfies z.ZodType<KimiApiKeyCredentials>;

const credentialsSchema = z.discriminatedUnion('type', [oauthSchema, apiKeySchema]);

/**
 * The text that our own stores keep: compact JSON, `{"version":1,"type":"oauth",…}`. Fields that are not part of the
 * record are dropped.
 * @throws KimiCredentialStoreError (`corrupt`, operation `save`) when the value is not a credential, so that no store
 *   keeps what it cannot read.
 */
export function serializeCredentials(credentials: KimiCredentials): string {
  const result = credentialsSchema.safeParse(credentials);
  if (!result.success) {
    const location = 'the credential to be saved';
    const message = `This is not a credential that can be saved: ${describe(result.error)}.`;
    throw new KimiCredentialStoreError({ location, operation: 'save', reason: 'corrupt', message });
  }
  return JSON.stringify({ version: VERSION, ...result.data });
}

/**
 * Reads what {@link serializeCredentials} wrote. A tombstone (empty tokens, `expiresAt` 0) is a valid record.
 * @param location the store's `location`, for messages
 * @throws KimiCredentialStoreError `corrupt` or `future`. The message says which field is wrong, never what is in it.
 */
export function parseCredentials(text: string, { location }: { location: string }): KimiCredentials {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // V8 quotes the text in its message, so the error is not kept as a cause.
    throw corrupt(location, text.trim() === '' ? 'it is empty' : 'it is not valid JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw corrupt(
      location,
      'expected a JSON object, found ' +
        `${value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`}`,
    );
  }
  const version = (value as { version?: unknown }).version;
  if (typeof version === 'number' && version > VERSION) {
    throw new KimiCredentialStoreError({
      location,
      operation: 'load',
      reason: 'future',
      message:
        `The credential in ${location} was written by a newer version of ai-sdk-provider-kimi (record version ` +
        `${version}, this one reads ${VERSION}). ` +
        'Update it here: npm install ai-sdk-provider-kimi@latest',
    });
  }
  if (version !== VERSION) {
    throw corrupt(location, 'version is missing or not a known number');
  }
  const result = credentialsSchema.safeParse(value);
  if (!result.success) {
    throw corrupt(location, describe(result.error));
  }
  return result.data;
}

/**
 * What a store's `load` gave, also one that a user wrote in JavaScript; returned as it is. `null`, which databases give
 * for nothing, is never stored.
 * @throws KimiCredentialStoreError `corrupt`. The message says which field is wrong, never what is in it.
 */
export function checkCredentials(value: unknown, { location }: { location: string }): KimiCredentials | undefined {
  if (value === undefined || value === null) {
    return undefined;
  }
  const result = credentialsSchema.safeParse(value);
  if (!result.success) {
    throw corrupt(location, describe(result.error));
  }
  return value as KimiCredentials;
}

/** The record of a login that has ended: no tokens, no times; scope, type and binding stay. */
export function tombstoneOf(credentials: KimiOAuthCredentials): KimiOAuthCredentials {
  return { ...credentials, accessToken: '', refreshToken: '', expiresAt: 0, expiresIn: 0 };
}

function corrupt(location: string, what: string): KimiCredentialStoreError {
  return new KimiCredentialStoreError({
    location,
    operation: 'load',
    reason: 'corrupt',
    message:
      `The credential in ${location} is damaged: ${what}. ` +
      'Sign in again, which replaces it: npx ai-sdk-provider-kimi login, or auth.login() where the app sets a ' +
      '"credentialStore".',
  });
}

/** Names fields and expected types only. zod's own messages are not used: some quote the value. */
function describe(error: z.ZodError): string {
  return error.issues
    .map(issue => {
      const field = issue.path.length === 0 ? 'the record' : issue.path.join('.');
      const expected =
        issue.code === 'invalid_type'
          ? `a ${issue.expected}`
          : issue.code === 'invalid_value'
            ? issue.values.join(' or ')
            : 'another value';
      return `${field} is not ${expected}`;
    })
    .join(', ');
}
