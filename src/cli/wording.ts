/** How places, spans and prose are put for people. */
import { sep } from 'node:path';
import { homeDirectory } from '../credentials/data-directory';

/** What is longer is no prose of ours, and is broken at every space. */
const LONGEST_PROSE = 4096;

/**
 * Words; a command of ours with its flags is one, and so is what stands in double quotes: they must be copyable from
 * one line.
 */
const WORDS = /"[^"\n]*"[^\s"]*|npx ai-sdk-provider-kimi [a-z]+(?: --[a-z-]+(?: [\w.@][\w.@-]*)?)*|\S+/g;

/**
 * Breaks text into lines of at most `width` characters. A word that is longer, a path or an address, stays whole on a
 * line of its own: the terminal breaks it without a line end in it. Line breaks in the text stay.
 */
export function wrapText(text: string, width: number): string[] {
  return text.split('\n').flatMap(paragraph => {
    const lines: string[] = [];
    let line = '';
    for (const word of wordsOf(paragraph, width)) {
      if (line !== '' && line.length + 1 + word.length > width) {
        lines.push(line);
        line = word;
      } else {
        line = line === '' ? word : `${line} ${word}`;
      }
    }
    return [...lines, line];
  });
}

function wordsOf(text: string, width: number): string[] {
  const words = text.length > LONGEST_PROSE ? text.split(/\s+/) : (text.match(WORDS) ?? []);
  return words.flatMap(word => (word.length > width ? word.split(/\s+/) : [word]));
}

/** A place for people: what lies in the home directory begins with `~`. Not for what a program reads. */
export function shortenHome(place: string, home: string | undefined = homeDirectory()): string {
  return home !== undefined && home.length > 1 && place.startsWith(home + sep) ? `~${place.slice(home.length)}` : place;
}

/** A span for people, in its largest unit: `45 s`, `12 min`, `3 h`, `5 days`. */
export function timeSpan(milliseconds: number): string {
  const seconds = Math.round(Math.abs(milliseconds) / 1000);
  if (seconds < 100) {
    return `${seconds} s`;
  }
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) {
    return `${minutes} min`;
  }
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A time to come for people, on their clock: `in 2 h, 23:49`, `in 3 days, Sun 29 Nov 23:49`, `now`. */
export function timeUntil(date: Date, now: number): string {
  const left = date.getTime() - now;
  if (left <= 0) {
    return 'now';
  }
  const [hour, minute] = [date.getHours(), date.getMinutes()].map(part => String(part).padStart(2, '0'));
  const day = `${WEEKDAYS[date.getDay()]} ${date.getDate()} ${MONTHS[date.getMonth()]}`;
  const isToday = new Date(now).toDateString() === date.toDateString();
  return `in ${timeSpan(left)}, ${isToday ? '' : `${day} `}${hour}:${minute}`;
}
