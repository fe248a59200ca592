/** How places, spans and prose are put for people. */
import { sep } from 'node:path';
import { homeDirectory } from '../credentials/data-directory';

export { timeSpan, timeUntil } from '../account/time-words';

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

/** The same for every place that a text names, but none in quotation marks, where a shell would take `~` as it is. */
export function shortenHomes(text: string, home: string | undefined = homeDirectory()): string {
  if (home === undefined || home.length <= 1) {
    return text;
  }
  const [first = '', ...others] = text.split(home + sep);
  return others.reduce((before, after) => `${before}${before.endsWith('"') ? home : '~'}${sep}${after}`, first);
}
