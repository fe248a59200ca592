/** Finds tokens in what a process printed, whole or in part, plain, in base64, in any case, or escaped as in JSON. */

const PIECE = 16;

export class LeakScanner {
  private readonly pieces = new Map<string, string>();

  /** Only the part of a token that no other token has: its signature. */
  plant(token: string, name: string): void {
    const secret = token.split('.').at(-1)!;
    this.plantText(secret, name);
    for (const before of ['', 'a', 'aa']) {
      const encoded = Buffer.from(before + secret).toString('base64url');
      // Its ends depend on what stands around.
      this.plantText(encoded.slice(4, -4), name);
    }
  }

  /** The names of the tokens that show in a text. */
  find(text: string): string[] {
    const found = new Set<string>();
    const plain = text.replace(/\\u([0-9a-f]{4})/gi, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
    for (const [run] of plain
      .replace(/\+/g, '-')
      .replace(/\//g, '_')
      .matchAll(/[\w-]{16,}/g)) {
      const lower = run.toLowerCase();
      for (let start = 0; start + PIECE <= lower.length; start++) {
        const name = this.pieces.get(lower.slice(start, start + PIECE));
        if (name !== undefined) {
          found.add(name);
        }
      }
    }
    return [...found];
  }

  private plantText(text: string, name: string): void {
    const lower = text.toLowerCase();
    for (let start = 0; start + PIECE <= lower.length; start += PIECE) {
      this.pieces.set(lower.slice(start, start + PIECE), name);
    }
  }
}
