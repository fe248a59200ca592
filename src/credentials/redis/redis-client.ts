import { KimiCredentialStoreError } from '../../errors/kimi-credential-store-error';
import { KimiInvalidArgumentError } from '../../errors/kimi-invalid-argument-error';
import { describeFailure } from './describe-failure';

/** What is used of a client, pool, cluster or sentinel of `redis` 4 and later. */
export type NodeRedisClient = {
  readonly isOpen: boolean;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
};

/** What is used of a client or cluster of `ioredis`. */
export type IoredisClient = {
  readonly status: string;
  eval(script: string, numberOfKeys: number, ...keysAndArguments: string[]): Promise<unknown>;
};

export type RedisClient = NodeRedisClient | IoredisClient;

/** Runs a script on the server. @throws KimiCredentialStoreError for the operation */
export type RunScript = (
  operation: 'load' | 'save' | 'clear' | 'lock',
  script: string,
  keys: string[],
  parameters: string[],
) => Promise<unknown>;

/**
 * One call for both client libraries, told apart by shape; neither is imported.
 * @param timeoutMs a client that has lost its server keeps commands waiting, some for ever: after this the call fails
 * @throws KimiInvalidArgumentError for something else
 */
export function redisScripts(
  client: RedisClient,
  { location, timeoutMs }: { location: string; timeoutMs: number },
): RunScript {
  const evaluate = detect(client);
  return async (operation, script, keys, parameters) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(tooSlow(location, operation, timeoutMs)), timeoutMs);
    });
    try {
      return await Promise.race([evaluate(script, keys, parameters), timeout]);
    } catch (error) {
      throw KimiCredentialStoreError.isInstance(error) ? error : unusable(location, operation, error);
    } finally {
      clearTimeout(timer);
    }
  };
}

type Evaluate = (script: string, keys: string[], parameters: string[]) => Promise<unknown>;

function detect(client: RedisClient): Evaluate {
  const candidate = client as { eval?: unknown; isOpen?: unknown; status?: unknown } | undefined | null;
  if (typeof candidate?.eval === 'function' && typeof candidate.isOpen === 'boolean') {
    const redis = client as NodeRedisClient;
    return async (script, keys, parameters) => redis.eval(script, { keys, arguments: parameters });
  }
  if (typeof candidate?.eval === 'function' && typeof candidate.status === 'string') {
    const ioredis = client as IoredisClient;
    return async (script, keys, parameters) => ioredis.eval(script, keys.length, ...keys, ...parameters);
  }
  throw new KimiInvalidArgumentError({
    argument: 'client',
    message: '"client" must be a client of the npm package redis (version 4 or later) or ioredis.',
  });
}

function tooSlow(
  location: string,
  operation: 'load' | 'save' | 'clear' | 'lock',
  timeoutMs: number,
): KimiCredentialStoreError {
  return new KimiCredentialStoreError({
    location,
    operation,
    reason: 'timeout',
    message:
      `Redis did not answer within ${timeoutMs} ms (${location}). Look whether the server runs and can be ` +
      'reached from here.',
  });
}

function unusable(
  location: string,
  operation: 'load' | 'save' | 'clear' | 'lock',
  error: unknown,
): KimiCredentialStoreError {
  const failure = describeFailure(error);
  const [reason, fix] = classify(failure);
  return new KimiCredentialStoreError({
    location,
    operation,
    reason,
    message: `Redis cannot be used (${location}): ${failure}. ${fix}`,
  });
}

function classify(failure: string): [reason: KimiCredentialStoreError['reason'], fix: string] {
  if (/WRONGTYPE/.test(failure)) {
    return ['corrupt', 'Something else is stored under this key: pass another "key", or remove it.'];
  }
  if (/NOAUTH|WRONGPASS|NOPERM/.test(failure)) {
    return [
      'permissions',
      'Give the client a user who may run EVAL, GET, SET, DEL, HGET, HSET, HDEL and HINCRBY on these keys.',
    ];
  }
  if (/READONLY/.test(failure)) {
    return ['read-only', 'The client is connected to a replica: connect it to the primary.'];
  }
  return [
    'unavailable',
    'Look whether the server runs; a client of the package redis must be connected first: await client.connect()',
  ];
}
