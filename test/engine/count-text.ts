/** The definition: characters of the JSON text, one by one. */
export function countText(json: string): { ascii: number; other: number; otherBytes: number } {
  const characters = [...json];
  const others = characters.filter(character => character.codePointAt(0)! >= 0x80);
  return {
    ascii: characters.length - others.length,
    other: others.length,
    otherBytes: Buffer.byteLength(others.join('')),
  };
}
