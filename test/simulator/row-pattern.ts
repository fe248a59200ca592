/** `…` in a row's text stands for anything. */
export function rowPattern(text: string): RegExp {
  const literal = text.split('…').map(piece => piece.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${literal.join('.*')}$`);
}
