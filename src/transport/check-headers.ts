import { KimiInvalidArgumentError } from '../errors/kimi-invalid-argument-error';

/**
 * Throws for what cannot be a header, because the runtime's own error prints the value, which may be a secret, and
 * names no setting.
 * @throws KimiInvalidArgumentError, which names the header
 */
export function checkHeaders(headers: unknown): void {
  if (headers === undefined || headers === null) {
    return;
  }
  if (typeof headers !== 'object') {
    throw new KimiInvalidArgumentError({
      argument: 'headers',
      message: `"headers" must be an object of header names and values, not a ${typeof headers}.`,
    });
  }
  for (const [name, value] of Object.entries(headers)) {
    // A token of RFC 9110, 5.6.2.
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
      throw new KimiInvalidArgumentError({
        argument: 'headers',
        message: `"headers" has ${JSON.stringify(name)}, which cannot be the name of a header.`,
      });
    }
    // Line breaks at the ends are cut by every `Headers`.
    if (
      value !== undefined &&
      value !== null &&
      !/^[\t\x20-\x7e\x80-\xff]*$/.test(String(value).replace(/^[\t\r\n ]+|[\t\r\n ]+$/g, ''))
    ) {
      throw new KimiInvalidArgumentError({
        argument: `headers.${name}`,
        message:
          `The value of the header "${name}" in "headers" has a line break, a control character or a letter ` +
          'outside Latin-1, which HTTP cannot ' +
          'send. Encode it, for example with encodeURIComponent().',
      });
    }
  }
}
