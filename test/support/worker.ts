/**
 * One process of an app that uses the provider. argv[2] is a `WorkerSettings`; commands come in and reports go out as
 * JSON lines. It says where it is at each step of a refresh, and waits there if told to, so that a test can kill or
 * stop it at exactly that point.
 */
import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { CredentialStore } from '../../src/credentials/credential-store';
import { fileCredentialStore, keychainCredentialStore, kimiCodeCredentialStore } from '../../src/credential-stores';
import { redisCredentialStore } from '../../src/redis';
import { createKimi, type KimiProvider } from '../../src/v3';
import type { WorkerAnswer, WorkerCommand, WorkerReport, WorkerSettings, WorkerStep } from './worker-protocol';

const settings = JSON.parse(process.argv[2] ?? '') as WorkerSettings;
const pauses = new Set<WorkerStep>(settings.pauseAt);
let resume: () => void = () => undefined;

function report(message: WorkerReport): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

async function reach(step: WorkerStep): Promise<void> {
  if (!pauses.delete(step)) {
    report({ step });
    return;
  }
  await new Promise<void>(resolve => {
    resume = resolve;
    report({ step });
  });
}

async function openStore(): Promise<CredentialStore | undefined> {
  const { store, oauthHost, baseURL } = settings;
  switch (store.kind) {
    case 'environment':
      return undefined;
    case 'file':
      return fileCredentialStore({ path: store.path });
    case 'keychain':
      return keychainCredentialStore({ slot: store.slot });
    case 'kimi-code':
      return kimiCodeCredentialStore({ home: store.home, oauthHost, apiBaseURL: baseURL });
    case 'redis': {
      const { createClient } = await import('redis');
      const client = createClient({ url: store.url });
      await client.connect();
      return redisCredentialStore({ client, key: store.key, encryptionKey: store.encryptionKey });
    }
  }
}

/** The store, saying where it is. */
function watched(store: CredentialStore): CredentialStore {
  let isLocked = false;
  return {
    ...store,
    async load() {
      const record = await store.load();
      if (isLocked) {
        await reach('read');
      }
      return record;
    },
    async save(credentials) {
      await reach('saving');
      await store.save(credentials);
      await reach('saved');
    },
    async withLock(callback, options) {
      await reach('before-lock');
      return store.withLock!(async lock => {
        await reach('locked');
        isLocked = true;
        return callback(lock).finally(() => {
          isLocked = false;
        });
      }, options);
    },
  };
}

const watchedFetch: typeof fetch = async (input, init) => {
  if (!String(input instanceof Request ? input.url : input).endsWith('/api/oauth/token')) {
    return fetch(input, init);
  }
  await reach('sending');
  const response = await fetch(input, init);
  const body = await response.text();
  await reach('answered');
  return new Response(body, { status: response.status, headers: response.headers });
};

async function openProvider(): Promise<KimiProvider> {
  const store = await openStore();
  const { baseURL, oauthHost } = settings;
  return createKimi({
    baseURL,
    oauthHost,
    fetch: watchedFetch,
    ...(store === undefined ? {} : { credentialStore: watched(store) }),
  });
}

const providers: KimiProvider[] = [];
for (let count = settings.providers ?? 1; count > 0; count--) {
  providers.push(await openProvider());
}

async function ask(prompt: string, provider: KimiProvider, retries = settings.retries ?? 0): Promise<WorkerAnswer> {
  try {
    const { content } = await provider('k3').doGenerate({
      prompt: [{ role: 'user', content: [{ type: 'text', text: prompt }] }],
    });
    return { text: content.flatMap(part => (part.type === 'text' ? [part.text] : [])).join('') };
  } catch (error) {
    const { name, message, reason, isRetryable } = error as Error & { reason?: string; isRetryable?: boolean };
    if (isRetryable === true && retries > 0) {
      return ask(prompt, provider, retries - 1);
    }
    return { error: name, message, ...(reason === undefined ? {} : { reason }) };
  }
}

const opened: number[] = [];
function exhaustDescriptors(isOn: boolean): void {
  while (!isOn && opened.length > 0) {
    closeSync(opened.pop()!);
  }
  for (; isOn;) {
    try {
      opened.push(openSync('/dev/null', 'r'));
    } catch {
      return;
    }
  }
}

createInterface({ input: process.stdin })
  .on('line', line => {
    const command = JSON.parse(line) as WorkerCommand;
    if ('resume' in command) {
      resume();
      return;
    }
    if ('exhaustDescriptors' in command) {
      exhaustDescriptors(command.exhaustDescriptors);
      return;
    }
    const answers = Array.from({ length: command.ask }, (_, index) =>
      ask(`request ${index}`, providers[index % providers.length]!),
    );
    void Promise.all(answers).then(done => report({ answers: done }));
  })
  .once('close', () => {
    if (settings.endsByItself !== true) {
      process.exit(0);
    }
  });

report({ step: 'ready' });
