/** What this process must not leave behind: a temporary file, a child that hangs. */
const endings = new Set<() => void>();

function endAll(): void {
  for (const end of endings) {
    end();
  }
}

/**
 * Calls `end` when the process exits. One listener for all of them: Node warns of a leak where there are more than ten.
 * @param end must not throw
 * @returns call it when there is nothing to end any more
 */
export function atExit(end: () => void): () => void {
  if (endings.size === 0) {
    process.on('exit', endAll);
  }
  endings.add(end);
  return () => {
    endings.delete(end);
    if (endings.size === 0) {
      process.off('exit', endAll);
    }
  };
}
