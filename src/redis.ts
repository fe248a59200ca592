/**
 * Entry `ai-sdk-provider-kimi/redis`: the store for several machines. Edge-safe; imports neither `redis` nor `ioredis`.
 */
export { redisCredentialStore } from './credentials/redis/redis-credential-store';
export type { RedisCredentialStoreOptions } from './credentials/redis/redis-credential-store';
export type { IoredisClient, NodeRedisClient, RedisClient } from './credentials/redis/redis-client';
export type { EncryptionKey } from './credentials/credential-cipher';
