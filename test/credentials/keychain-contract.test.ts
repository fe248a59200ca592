/**
 * The contract on a real Secret Service, with both libraries and with values that are split. `.ci/with-keyring` gives
 * the service.
 */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import {
  keychainCredentialStore,
  type KeychainCredentialStoreOptions,
} from '../../src/credentials/keychain/keychain-credential-store';
import { secretTool } from '../support/secret-tool';
import { testServices } from '../support/test-services';
import { describeCredentialStore, type CredentialStoreContract } from './contract';

const require = createRequire(import.meta.url);
const keytar = { name: 'keytar', path: require.resolve('keytar') } as const;
const napi = { name: '@napi-rs/keyring', path: require.resolve('@napi-rs/keyring') } as const;

let data: string;
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'kimi-keychain-'));
});
afterAll(() => rm(data, { recursive: true }));

function contract(
  options: KeychainCredentialStoreOptions,
  write: (slot: string, text: string) => void,
): CredentialStoreContract {
  return {
    timeout: 60_000,
    create: async () => {
      const slot = `test-${randomUUID()}`;
      const open = () =>
        keychainCredentialStore({
          slot,
          environment: { ...process.env, KIMI_PROVIDER_HOME: data },
          // Of a machine that is busy with other tests, a write of several items takes long.
          timeoutMs: 50_000,
          ...options,
        });
      const store = open();
      return { store, reopen: open, corrupt: async text => write(slot, text), dispose: () => store.clear() };
    },
  };
}

/** As keytar does (docs/wire.md#locked-keyrings-crash-keytar); keytar itself refuses to write an empty text. */
function writeLikeKeytar(slot: string, text: string): void {
  const attributes = [
    'xdg:schema',
    'org.freedesktop.Secret.Generic',
    'service',
    'ai-sdk-provider-kimi',
    'account',
    slot,
  ];
  secretTool(['store', '--label=test', ...attributes], { input: text });
}

function writeWithNapi(slot: string, text: string): void {
  const source = `const { path, slot, text } = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
    new (require(path).Entry)('ai-sdk-provider-kimi', slot, { linux: { store: 'secret-service' } }).setPassword(text)`;
  const write = () =>
    execFileSync(process.execPath, ['-e', source], {
      input: JSON.stringify({ path: napi.path, slot, text }),
      timeout: 30_000,
    });
  try {
    write();
  } catch {
    // The service may have ended at it (docs/wire.md#gnome-keyring-ends-at-a-first-message); it is there again.
    write();
  }
}

describe.skipIf(!testServices.has('secret-service'))('on a Secret Service (needs TEST_SERVICES=secret-service)', () => {
  describeCredentialStore(
    'keychainCredentialStore with keytar',
    contract({ libraries: [keytar, napi] }, writeLikeKeytar),
  );
  describeCredentialStore(
    'keychainCredentialStore with @napi-rs/keyring',
    contract({ libraries: [napi] }, writeWithNapi),
  );
  describeCredentialStore(
    'keychainCredentialStore with items of at most 1,200 units',
    contract({ libraries: [napi, keytar], maxValueLength: 1200 }, writeWithNapi),
  );
});
