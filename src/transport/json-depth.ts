/** JSON that is nested more deeply than this is no answer and no tool of anybody, and would overflow the stack. */
export const DEEPEST_JSON = 500;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Whether a JSON text is nested more deeply than {@link DEEPEST_JSON}; what is no JSON may be either. */
export function isTooDeep(json: string): boolean {
  if (json.length <= 2 * DEEPEST_JSON) {
    return false;
  }
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < json.length; index++) {
    const code = json.charCodeAt(index);
    if (code === QUOTE) {
      isInString = !isInString;
    } else if (isInString) {
      index += code === BACKSLASH ? 1 : 0;
    } else if (code === 0x5b || code === 0x7b) {
      depth += 1;
      if (depth > DEEPEST_JSON) {
        return true;
      }
    } else if (code === 0x5d || code === 0x7d) {
      depth -= 1;
    }
  }
  return false;
}
