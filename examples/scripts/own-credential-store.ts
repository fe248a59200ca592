import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { existsSync, promises as fs } from 'node:fs';
import { generateText } from 'ai';
import { createKimi, type CredentialStore } from 'ai-sdk-provider-kimi/v4';
import { writeFile } from 'atomically';
import { lock } from 'proper-lockfile';

/** One encrypted file. The key comes from wherever the app keeps its secrets. */
const encryptedFileStore = (path: string, key: Buffer): CredentialStore => ({
  location: path,
  async load() {
    // Never stored. Whatever else goes wrong must throw: it does not mean "signed out".
    if (!existsSync(path)) return undefined;
    const bytes = await fs.readFile(path);
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12)).setAuthTag(bytes.subarray(-16));
    return JSON.parse(Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString());
  },
  async save(credentials) {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, nonce);
    const sealed = [cipher.update(JSON.stringify(credentials)), cipher.final(), cipher.getAuthTag()];
    await writeFile(path, Buffer.concat([nonce, ...sealed]), { mode: 0o600 });
  },
  clear: () => fs.rm(path, { force: true }),
  // A refresh token works once: without a lock two processes that renew at the same time lose the login.
  async withLock(callback) {
    let lost: Error | undefined;
    const retries = { retries: 60, factor: 1 };
    const release = await lock(path, { realpath: false, retries, onCompromised: error => (lost = error) });
    const assertHeld = () => (lost ? Promise.reject(lost) : undefined);
    return callback({ assertHeld }).finally(() => (lost ? undefined : release()));
  },
});

const secret = Buffer.from(process.env.APP_SECRET ?? '', 'base64');
if (secret.length !== 32) throw new Error('APP_SECRET must be 32 bytes in base64. Make one: openssl rand -base64 32');
const kimi = createKimi({ credentialStore: encryptedFileStore('kimi.login', secret) });
if (['missing', 'revoked'].includes((await kimi.auth.status()).state))
  await kimi.auth.login({ onVerification: ({ verificationUriComplete: url }) => console.log(`Open ${url}`) });
console.log((await generateText({ model: kimi('kimi-for-coding'), prompt: 'Say hello.' })).text);
