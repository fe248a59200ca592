/** Where notices are told that no request fails for, each once per process. */

let shownIn: ((message: string) => void) | undefined;

/**
 * For a program with a screen of its own, over which a line on stderr would be written: it is told from now on, instead
 * of whatever the runtime has for warnings.
 */
export function showNoticesIn(show: (message: string) => void): void {
  shownIn = show;
}

export function tellNotice(message: string, usual: (message: string) => void): void {
  (shownIn ?? usual)(message);
}
