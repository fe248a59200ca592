/** The same URL without slashes at its end. By hand: a pattern for it takes time with the square of their number. */
export function withoutTrailingSlashes(url: string): string {
  let end = url.length;
  while (end > 0 && url.charCodeAt(end - 1) === 0x2f) {
    end--;
  }
  return url.slice(0, end);
}
