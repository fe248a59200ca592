import { homedir } from 'node:os';
import { sep } from 'node:path';

/** A place for people: what lies in the home directory begins with `~`. Not for what a program reads. */
export function shortenHome(place: string, home: string = homedir()): string {
  return home.length > 1 && place.startsWith(home + sep) ? `~${place.slice(home.length)}` : place;
}
