/** Runs `action` once `condition` holds; looks every 20 ms. */
export function when(condition: () => boolean, action: () => void): void {
  const timer = setInterval(() => {
    if (condition()) {
      clearInterval(timer);
      action();
    }
  }, 20);
}

/** Calls back once for each user code that the program shows. */
export function onUserCode(react: (userCode: string, count: number) => void): (stderr: string) => void {
  const codes = new Set<string>();
  return stderr => {
    for (const [, code] of stderr.matchAll(/enter code: (\S+)/g)) {
      if (code !== undefined && !codes.has(code)) {
        codes.add(code);
        react(code, codes.size);
      }
    }
  };
}
