/**
 * An error of a database client in one line that is fit to be shown. The error itself is not kept as a cause: clients hang the command
 * and its arguments on it, which hold the credential (ioredis `command.args`), and some servers repeat arguments in the message.
 */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) {
    return 'unknown error';
  }
  const code = (error as { code?: unknown }).code;
  const text = (error.message || (typeof code === 'string' ? code : error.name))
    .split('\n', 1)[0]!
    .replace(/,? ?with args beginning with.*$/i, '')
    .replaceAll(/\/\/[^/@\s]*@/g, '//')
    .slice(0, 200);
  return typeof code === 'string' && !text.includes(code) ? `${code}: ${text}` : text;
}
