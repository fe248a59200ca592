import { createHash } from 'node:crypto';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { redisCredentialStore } from 'ai-sdk-provider-kimi/redis';
import { createKimi, type KimiProvider } from 'ai-sdk-provider-kimi/v4';
import type { Prompt } from './read-prompts.ts';

/** One name for each batch: its queue and its answers lie under it. */
export const BATCH = process.env.BATCH_NAME ?? 'kimi-batch';
/** A hash, id to answer. `HSETNX` writes it, so a second answer to a line never replaces the first. */
export const ANSWERS = `${BATCH}:answers`;
/** Why the queue is paused, for who looks. */
export const PAUSE_REASON = `${BATCH}:pause-reason`;

/** A connection that waits for as long as Redis is away, and says so once. */
export function connect(): Redis {
  const redis = new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379', { maxRetriesPerRequest: null });
  let isAway = false;
  redis.on('ready', () => (isAway = false));
  redis.on('error', (error: Error & { code?: string }) => {
    if (!isAway) {
      isAway = true;
      const { host, port } = redis.options;
      console.error(`No answer from Redis at ${host}:${port} (${error.code ?? error.message}). Waiting for it.`);
    }
  });
  return redis;
}

export function openQueue(connection: Redis): Queue<Prompt> {
  // What Redis is away for, its connection says already.
  return new Queue<Prompt>(BATCH, { connection }).on('error', () => {}) as Queue<Prompt>;
}

/** BullMQ wants no colon and no bare number; any id of a line becomes one of these. */
export function jobId(id: string): string {
  return `line-${createHash('sha256').update(id).digest('hex')}`;
}

/** With the key of the environment, else with the one login that all machines share. */
export function kimiOf(client: Redis): KimiProvider {
  if (process.env.KIMI_API_KEY) {
    return createKimi();
  }
  const encryptionKey = process.env.KIMI_STORE_KEY;
  if (!encryptionKey) {
    throw new Error(
      'Set KIMI_API_KEY; or KIMI_STORE_KEY, the same on all machines (openssl rand -base64 32), and sign in once: ' +
        'node login.ts',
    );
  }
  return createKimi({ credentialStore: redisCredentialStore({ client, encryptionKey }) });
}
