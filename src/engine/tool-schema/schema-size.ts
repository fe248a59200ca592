/**
 * Bytes that a schema counts for on the server: UTF-8 JSON as Go writes it, which escapes `<`, `>`, `&` and two line
 * separators to six bytes each (walle.md, "Total string-size limits").
 */
export function schemaSize(schema: unknown): number {
  const json = JSON.stringify(schema);
  let bytes = 0;
  for (let index = 0; index < json.length; index++) {
    const code = json.charCodeAt(index);
    if (code === 0x3c || code === 0x3e || code === 0x26 || code === 0x2028 || code === 0x2029) {
      bytes += 6;
    } else if (code < 0x80) {
      bytes += 1;
    } else if (code < 0x800) {
      bytes += 2;
    } else {
      // Half of a surrogate pair is two of its four bytes.
      bytes += code >= 0xd800 && code <= 0xdfff ? 2 : 3;
    }
  }
  return bytes;
}
