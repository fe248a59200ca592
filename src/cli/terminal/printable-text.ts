/**
 * Text of a server or a model without the characters that steer a terminal: an answer must not be able to move the
 * cursor, set the title or write to the clipboard. Tabs and line feeds stay.
 */
export function printableText(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is removed
  return text.replace(/\r\n/g, '\n').replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, '');
}
