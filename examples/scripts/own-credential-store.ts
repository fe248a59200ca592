import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { generateText } from 'ai';
import { createKimi, type CredentialStore, type KimiCredentials } from 'ai-sdk-provider-kimi/v4';
import { writeFile } from 'atomically';
import { lock } from 'proper-lockfile';

/** One encrypted file. The key, 32 bytes in base64, comes from wherever the app keeps its secrets. */
function encryptedFileStore(path: string, key: Buffer): CredentialStore {
  return {
    location: path,
    async load() {
      if (!existsSync(path)) return undefined; // Never stored. Whatever else goes wrong must throw: it does not mean "signed out".
      const bytes = await readFile(path);
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12)).setAuthTag(bytes.subarray(12, 28));
      return JSON.parse(Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString()) as KimiCredentials;
    },
    async save(credentials) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      const sealed = Buffer.concat([cipher.update(JSON.stringify(credentials)), cipher.final()]);
      await writeFile(path, Buffer.concat([nonce, cipher.getAuthTag(), sealed]), { mode: 0o600 });
    },
    clear: () => rm(path, { force: true }),
    // A refresh token works once: without a lock two processes that renew at the same time lose the login.
    async withLock(callback) {
      let lost: Error | undefined;
      const retries = { retries: 60, minTimeout: 100, maxTimeout: 500 };
      const release = await lock(path, { realpath: false, retries, onCompromised: error => (lost = error) });
      return callback({ assertHeld: () => (lost ? Promise.reject(lost) : undefined) }).finally(() => (lost ? undefined : release()));
    },
  };
}

const kimi = createKimi({ credentialStore: encryptedFileStore('kimi.login', Buffer.from(process.env.APP_SECRET ?? '', 'base64')) });
if ((await kimi.auth.status()).state === 'missing') {
  await kimi.auth.login({ onVerification: ({ verificationUriComplete }) => console.log(`Open ${verificationUriComplete}`) });
}
console.log((await generateText({ model: kimi('kimi-for-coding'), prompt: 'Say hello.' })).text);
