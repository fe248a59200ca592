/**
 * Foreign text as it may be shown: of a server, a file, an argument. Characters that do something to a terminal, a log
 * or the order of what is read, or that cannot be seen, become what JSON writes for them (`\u001b`): nobody is steered,
 * and everybody sees that there was something (docs/decisions.md#58-what-a-terminal-is-shown).
 */

/**
 * Control characters (C0, DEL, C1), marks, overrides and isolates of direction, whatever has no width, separators of
 * lines and paragraphs, annotations, tags, and halves of surrogate pairs.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Default_Ignorable_Code_Point}\u2028\u2029\ufff9-\ufffb]/gu;

/** Behind letters and vowel signs from Arabic to Sinhala, of Tibetan, Burmese and Khmer a joiner is spelling. */
const JOINING = /(?!\p{Default_Ignorable_Code_Point})(?=[\p{L}\p{M}])[\u0600-\u0dff\u0f00-\u109f\u1780-\u17ff]$/u;

/** Behind a picture a joiner or a variation selector makes another picture. */
const PICTURE = /\p{Extended_Pictographic}\ufe0f?$|\p{Emoji_Modifier}$/u;

/** A picture and its selector, in UTF-16. */
const LOOK_BACK = 3;

/** Text of several lines: line feeds and tabs stay. */
export function printableText(text: string): string {
  return replaceUnprintable(text.replaceAll('\r\n', '\n'), character =>
    character === '\n' || character === '\t' ? character : escaped(character),
  );
}

/** Text that is to stand in one line: what breaks it is shown, too. */
export function printableLine(text: string): string {
  return replaceUnprintable(text, escaped);
}

/** JSON text that says the same, in characters that do nothing. */
export function printableJSON(json: string): string {
  return json.replace(UNPRINTABLE, character => (character === '\n' ? character : escaped(character)));
}

/**
 * For prose that comes in pieces, of a model: what cannot be shown is left out, because there it is mostly harmless and
 * in the way. Pieces never make together what was left out of them.
 * @returns a function that is given each piece and gives what of it may be shown
 */
export function printablePieces(): (piece: string) => string {
  let before = '';
  let half = '';
  return piece => {
    const text = half + piece;
    half = /[\ud800-\udbff]$/.exec(text)?.[0] ?? '';
    const whole = text.slice(0, text.length - half.length);
    const shown = replaceUnprintable(before + whole, (character, offset) =>
      offset < before.length || character === '\n' || character === '\t' ? character : '',
    ).slice(before.length);
    before = (before + shown).slice(-LOOK_BACK);
    return shown;
  };
}

function replaceUnprintable(text: string, replacement: (character: string, offset: number) => string): string {
  return text.replace(UNPRINTABLE, (character, offset: number) =>
    isPartOf(text.slice(Math.max(0, offset - LOOK_BACK), offset), character)
      ? character
      : replacement(character, offset),
  );
}

/** Whether the character, which has no width of its own, changes how the one before it looks. */
function isPartOf(before: string, character: string): boolean {
  switch (character) {
    case '\u200d':
      return JOINING.test(before) || PICTURE.test(before);
    case '\u200c':
      return JOINING.test(before);
    case '\ufe0e':
    case '\ufe0f':
      return /\p{Extended_Pictographic}$/u.test(before);
    default:
      return false;
  }
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, index) => {
    const unit = character.charCodeAt(index).toString(16).padStart(4, '0');
    return `\\u${unit}`;
  }).join('');
}
