import { cacheFile } from './cache-file';

/** More than a machine ever has; older ones are told again. */
const MOST = 100;

/**
 * Tells what is the same at each start once a machine: that a login is kept in a file, whose login is shared. Where
 * nothing can be written it is told by each process.
 */
export async function tellOnceAMachine(
  message: string,
  environment: Readonly<Record<string, string | undefined>>,
  tell: (message: string) => void,
): Promise<void> {
  const file = cacheFile('notices', 1, environment);
  const kept = (await file.load())?.told;
  const told = Array.isArray(kept) ? kept.filter(text => typeof text === 'string') : [];
  if (!told.includes(message)) {
    tell(message);
    await file.save({ told: [...told, message].slice(-MOST) });
  }
}
