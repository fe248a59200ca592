/** How a store speaks to Redis: through either client library, in scripts only. */
import { KimiCredentialStoreError, KimiInvalidArgumentError } from '../../errors/kimi-error';
import { describeFailure } from '../describe-failure';

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

/** A client or cluster of either library. */
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

/*
 * What runs inside Redis. One script is one step that nothing can come between.
 *
 * KEYS[1] is a hash: `value`, and `generation`, a number that every write and every removal raises. A holder remembers
 * the generation it found when it took the lock; that is the fence: once anybody else has written, its write is
 * refused, whatever it believes about the lock. `holder` is the random token of who has the lock, with how long it may
 * be silent, and `beat` a number that it raises while it lives. Nothing of that expires, because it would by the
 * server's clock, which may be set.
 *
 * KEYS[2] and `watched` are a watch that those who wait keep together (docs/decisions.md#21-our-locks).
 */

/** -> the value, or nil. */
export const LOAD = `return redis.call('HGET', KEYS[1], 'value')`;

/**
 * ARGV: token, and what the caller has watched unchanged for long enough (empty: nothing). -> the generation where the
 * lock is the caller's now, else nil and what it says.
 *
 * Who waits too briefly to watch a dead holder alone leaves a key that expires, and those who come later find it gone.
 * Two in a row have to be outlasted without a beat of the holder: when the server's clock is set forth, one goes early.
 */
export const ACQUIRE = `
local holder = redis.call('HGET', KEYS[1], 'holder')
if holder then
  local says = holder .. ':' .. (redis.call('HGET', KEYS[1], 'beat') or '0')
  if says ~= ARGV[2] then
    local watched = redis.call('HGET', KEYS[1], 'watched')
    local isOver = not redis.call('GET', KEYS[2])
    if not (isOver and watched == says .. ':2') then
      local next = says .. ((isOver and watched == says .. ':1') and ':2' or ':1')
      if isOver or (watched ~= says .. ':1' and watched ~= says .. ':2') then
        redis.call('HSET', KEYS[1], 'watched', next)
        local silence = tonumber(string.match(holder, '/(%d+)$')) or 30000
        redis.call('SET', KEYS[2], says, 'PX', math.ceil(silence * 2 / 3))
      end
      return {false, says}
    end
  end
end
redis.call('HSET', KEYS[1], 'holder', ARGV[1])
redis.call('HINCRBY', KEYS[1], 'beat', 1)
redis.call('HDEL', KEYS[1], 'watched')
redis.call('DEL', KEYS[2])
return {redis.call('HGET', KEYS[1], 'generation') or '0', ''}`;

/**
 * Whether a holder may go on. A lock that Redis has forgotten but that nobody took, with nothing written since, is as
 * good as held: to give up then would throw away a login that the server has just renewed.
 */
const MAY_GO_ON = `
local holder = redis.call('HGET', KEYS[1], 'holder')
local unchanged = (redis.call('HGET', KEYS[1], 'generation') or '0') == ARGV[2]
local mayGoOn = unchanged and (holder == ARGV[1] or not holder)`;

/** ARGV: token, generation. -> 1 when the lock is held, and whoever watches it begins anew, else 0. */
export const RENEW = `${MAY_GO_ON}
if mayGoOn then
  redis.call('HSET', KEYS[1], 'holder', ARGV[1])
  redis.call('HINCRBY', KEYS[1], 'beat', 1)
  return 1
end
return 0`;

/**
 * ARGV: token, generation, and the value, left out to remove it. -> the new generation, or nil when the write was
 * refused.
 */
export const WRITE_AS_HOLDER = `${MAY_GO_ON}
if not mayGoOn then
  return nil
end
if ARGV[3] then
  redis.call('HSET', KEYS[1], 'value', ARGV[3])
else
  redis.call('HDEL', KEYS[1], 'value')
end
return tostring(redis.call('HINCRBY', KEYS[1], 'generation', 1))`;

/**
 * ARGV: the value, left out to remove it. A sign-in or sign-out, which always wins: it raises the generation against
 * slow holders.
 */
export const WRITE = `
if ARGV[1] then
  redis.call('HSET', KEYS[1], 'value', ARGV[1])
else
  redis.call('HDEL', KEYS[1], 'value')
end
return tostring(redis.call('HINCRBY', KEYS[1], 'generation', 1))`;

/**
 * ARGV: as many characters as the next value may have. Writes them beside the value and removes them again: what would
 * refuse the value (no memory left, a replica, a user without the right) refuses them. The value and its generation
 * stay.
 */
export const PROVE_WRITABLE = `
redis.call('HSET', KEYS[1], 'proof', ARGV[1])
return redis.call('HDEL', KEYS[1], 'proof')`;

/** ARGV: token. Removes the lock if it is still ours. */
export const RELEASE = `
if redis.call('HGET', KEYS[1], 'holder') == ARGV[1] then
  redis.call('DEL', KEYS[2])
  return redis.call('HDEL', KEYS[1], 'holder', 'watched')
end
return 0`;
