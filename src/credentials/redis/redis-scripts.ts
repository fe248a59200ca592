/**
 * What runs inside Redis. One script is one step that nothing can come between.
 *
 * KEYS[1] is a hash: `value`, and `generation`, a number that every write and every removal raises. KEYS[2] is the
 * lock: a random token that expires. A holder remembers the generation it found when it took the lock; that is the
 * fence: once anybody else has written, its write is refused, whatever it believes about the lock.
 */

/** -> the value, or nil. */
export const LOAD = `return redis.call('HGET', KEYS[1], 'value')`;

/** ARGV: token, lifetime in ms. -> the generation, or nil when somebody else holds the lock. */
export const ACQUIRE = `
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then
  return redis.call('HGET', KEYS[1], 'generation') or '0'
end
return nil`;

/**
 * Whether a holder may go on. A lock that expired but that nobody took, with nothing written since, is as good as held:
 * to give up then would throw away a login that the server has just renewed.
 */
const MAY_GO_ON = `
local holder = redis.call('GET', KEYS[2])
local unchanged = (redis.call('HGET', KEYS[1], 'generation') or '0') == ARGV[2]
local mayGoOn = unchanged and (holder == ARGV[1] or not holder)`;

/** ARGV: token, generation, lifetime in ms. -> 1 when the lock is held, and now for another lifetime, else 0. */
export const RENEW = `${MAY_GO_ON}
if mayGoOn then
  redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[3])
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

/** ARGV: token. Removes the lock if it is still ours. */
export const RELEASE = `
if redis.call('GET', KEYS[2]) == ARGV[1] then
  return redis.call('DEL', KEYS[2])
end
return 0`;
