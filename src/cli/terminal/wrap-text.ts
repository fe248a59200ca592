/**
 * Words; a command of ours with its flags is one, and so is what stands in double quotes: they must be copyable from
 * one line.
 */
const WORDS = /"[^"\n]*"[^\s"]*|npx ai-sdk-provider-kimi [a-z]+(?: --[a-z-]+(?: [\w.@-]+)?)*|\S+/g;

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
  return (text.match(WORDS) ?? []).flatMap(word => (word.length > width ? word.split(/\s+/) : [word]));
}
