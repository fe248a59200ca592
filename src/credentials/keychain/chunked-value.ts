/**
 * How a value that is too long for one keychain item is kept: a head, which names a generation, and the chunks of that
 * generation. Two generations take turns, so that the names of leftovers are known without listing the keychain.
 */

/** What is in the head's item instead of the value. */
export type ChunkHead = {
  generation: 'a' | 'b';
  chunks: number;
  /** At the start of every chunk, so that chunks of two writes are never put together. */
  id: string;
};

/**
 * Windows keeps 2,560 bytes: 2,560 UTF-8 bytes with keytar, 1,280 UTF-16 units with `@napi-rs/keyring` (tooling.md 2).
 * Ours are ASCII.
 */
export const WINDOWS_VALUE_LENGTH = 1200;

/** Ids are 8 hex digits, followed by a colon in a chunk. */
const ID_LENGTH = 8;

/** A shorter limit would not hold the head. */
export const SHORTEST_VALUE_LENGTH = 80;

export function chunkAccount(slot: string, generation: ChunkHead['generation'], index: number): string {
  return `${slot}.${generation}${index}`;
}

/** The head in an item's text, or undefined if the text is the value itself. */
export function parseChunkHead(text: string): ChunkHead | undefined {
  const match = /^\{"generation":"([ab])","chunks":(\d{1,6}),"id":"([0-9a-f]{8})"\}$/.exec(text);
  return match === null
    ? undefined
    : { generation: match[1] as 'a' | 'b', chunks: Number(match[2]), id: match[3] ?? '' };
}

export function splitValue(
  value: string,
  maxLength: number,
  generation: ChunkHead['generation'],
  id: string,
): { head: string; chunks: string[] } {
  const size = maxLength - ID_LENGTH - 1;
  const chunks = Array.from(
    { length: Math.ceil(value.length / size) },
    (_, index) => `${id}:${value.slice(index * size, (index + 1) * size)}`,
  );
  const head: ChunkHead = { generation, chunks: chunks.length, id };
  return { head: JSON.stringify(head), chunks };
}

/** The value, or undefined if a chunk is missing or belongs to another write. */
export function joinChunks(head: ChunkHead, chunks: readonly unknown[]): string | undefined {
  const texts = chunks.filter(chunk => typeof chunk === 'string').filter(chunk => chunk.startsWith(`${head.id}:`));
  return texts.length === head.chunks ? texts.map(chunk => chunk.slice(ID_LENGTH + 1)).join('') : undefined;
}

/** JSON with every character beyond ASCII escaped: as many bytes as UTF-16 units, and no pair is torn by a split. */
export function asciiJson(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
