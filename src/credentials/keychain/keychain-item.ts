/**
 * One value under one slot of the keychain, whichever library wrote it and however long it is.
 *
 * A value that is too long for one item is kept as a head, which names a generation, and the chunks of that generation.
 * Two generations take turns, so that the names of leftovers are known without listing the keychain.
 */
import { KimiCredentialStoreError } from '../../errors/kimi-error';
import type { KeychainStep } from './keychain-child';

export type KeychainItem = {
  /** The account of the item; its chunks are named after it. */
  slot: string;
  /** For messages. */
  location: string;
  /** Longest text of one item, in UTF-16 units; infinite where nothing is split. */
  maxLength: number;
  /** The two libraries keep items of their own: not on macOS. */
  canDiffer: boolean;
};

/** Runs the steps in order, in a child process. @throws KimiCredentialStoreError */
export type RunSteps = (steps: readonly KeychainStep[]) => Promise<StepResults>;
export type StepResults = readonly (string | boolean | null)[];

/**
 * A reader that meets a writer looks again so often. A writer needs seconds for one turn, a reader a fraction of one.
 */
const READ_ATTEMPTS = 5;

/** So many chunks of each generation are looked for by the first child process, twice as many by each that follows. */
const FIRST_SEARCH = 4;

/** The value, or `undefined` where there is none. @throws KimiCredentialStoreError `corrupt` */
export async function readItem(item: KeychainItem, run: RunSteps): Promise<string | undefined> {
  for (let attempt = 1; attempt <= READ_ATTEMPTS; attempt += 1) {
    const found = await readHead(item, run);
    const head = found === undefined ? undefined : parseChunkHead(found.text);
    if (found === undefined || head === undefined) {
      return found?.text;
    }
    const accounts = Array.from({ length: head.chunks }, (_, index) => chunkAccount(item.slot, head.generation, index));
    const chunks = await run(accounts.map(account => ({ op: 'get', account, library: found.library })));
    const value = joinChunks(head, chunks);
    if (value !== undefined) {
      return value;
    }
  }
  throw new KimiCredentialStoreError({
    location: item.location,
    operation: 'load',
    reason: 'corrupt',
    message:
      `The credential in ${item.location} is damaged: a part of it is missing. Sign in again, which replaces it: ` +
      'npx ai-sdk-provider-kimi login',
  });
}

/**
 * The item of the library in use, else the one that the other library wrote, which stays where it is until the next
 * save.
 */
async function readHead(
  { slot, canDiffer }: KeychainItem,
  run: RunSteps,
): Promise<{ text: string; library: number } | undefined> {
  const [own, other] = await run([
    { op: 'get', account: slot, library: 0, confirm: true },
    ...(canDiffer ? [{ op: 'get', account: slot, library: 1, unless: 0, confirm: true } as const] : []),
  ]);
  const text = own ?? other;
  return typeof text === 'string' ? { text, library: typeof own === 'string' ? 0 : 1 } : undefined;
}

/** Replaces the value. Of two writes at once neither could be read where values are split: exclude them. */
export async function writeItem(item: KeychainItem, run: RunSteps, text: string): Promise<void> {
  await (text.length <= item.maxLength ? writeWhole(item, run, text) : writeSplit(item, run, text));
}

async function writeWhole(item: KeychainItem, run: RunSteps, text: string): Promise<void> {
  const before = await run([
    ...readHeads(item),
    { op: 'set', account: item.slot, value: text, library: 0 },
    ...deleteOther(item),
  ]);
  await removeChunks(item, run, before).catch(leaveToNextSave);
}

async function writeSplit(item: KeychainItem, run: RunSteps, text: string): Promise<void> {
  const { slot, maxLength } = item;
  const before = await run(readHeads(item));
  const current = typeof before[0] === 'string' ? parseChunkHead(before[0]) : undefined;
  const generation = current?.generation === 'a' ? 'b' : 'a';
  const random = crypto.getRandomValues(new Uint8Array(ID_LENGTH / 2));
  const id = Array.from(random, byte => byte.toString(16).padStart(2, '0')).join('');
  const { head, chunks } = splitValue(text, maxLength, generation, id);
  await run([
    ...chunks.map(
      (value, index) => ({ op: 'set', account: chunkAccount(slot, generation, index), value, library: 0 }) as const,
    ),
    { op: 'set', account: slot, value: head, library: 0 },
    ...deleteOther(item),
  ]);
  await removeChunks(item, run, before, { generation, chunks: chunks.length }).catch(leaveToNextSave);
}

/**
 * Writes as much text as the value has into items beside it and removes them again, so that what would refuse the value
 * is known before. The value itself is left alone.
 */
export async function proveWritable({ slot, maxLength }: KeychainItem, run: RunSteps, text: string): Promise<void> {
  const size = Math.min(text.length, maxLength);
  const accounts = Array.from({ length: Math.ceil(text.length / size) }, (_, index) => `${slot}.proof${index}`);
  await run([
    ...accounts.map(account => ({ op: 'set', account, value: '0'.repeat(size), library: 0 }) as const),
    ...accounts.map(account => ({ op: 'delete', account, library: 0 }) as const),
  ]);
}

/** Removes the value of either library. */
export async function deleteItem(item: KeychainItem, run: RunSteps): Promise<void> {
  const before = await run([
    ...readHeads(item),
    { op: 'delete', account: item.slot, library: 0, confirm: true },
    ...(item.canDiffer ? [{ op: 'delete', account: item.slot, library: 1 } as const] : []),
  ]);
  await removeChunks(item, run, before);
}

/** What both libraries have under the slot now, as the first results of a request. */
function readHeads({ slot, canDiffer }: KeychainItem): KeychainStep[] {
  return [0, ...(canDiffer ? [1] : [])].map(library => ({
    op: 'get',
    account: slot,
    library,
    optional: library === 1,
  }));
}

function deleteOther({ slot, canDiffer }: KeychainItem): KeychainStep[] {
  return canDiffer ? [{ op: 'delete', account: slot, library: 1, optional: true }] : [];
}

/** The credential is saved by then: what could not be cleaned up is no reason to report a failed save. */
function leaveToNextSave(): void {}

/**
 * Deletes the chunks that were in use before, and what earlier writes left when they were killed; keeps those of
 * `kept`.
 */
async function removeChunks(
  item: KeychainItem,
  run: RunSteps,
  before: StepResults,
  kept?: Omit<ChunkHead, 'id'>,
): Promise<void> {
  const isSplit = item.maxLength !== Number.POSITIVE_INFINITY;
  const unused = isSplit ? await findChunks(item, run, kept) : [];
  // Last one first: what a kill leaves then starts at 0 without a gap, so that it is found.
  const steps: KeychainStep[] = [
    ...unused.toReversed().map(account => ({ op: 'delete', account, library: 0 }) as const),
    ...readHeads(item).flatMap((_, library) =>
      isSplit && library === 0 ? [] : deleteChunks(item.slot, before[library], library),
    ),
  ];
  if (steps.length > 0) {
    await run(steps);
  }
}

/** The chunks that are there, of both generations, without those of `kept`. */
async function findChunks({ slot }: KeychainItem, run: RunSteps, kept?: Omit<ChunkHead, 'id'>): Promise<string[]> {
  const found: string[] = [];
  for (let offset = 0, count = FIRST_SEARCH; ; offset += count, count *= 2) {
    const accounts = (['a', 'b'] as const).flatMap(generation => {
      const from = offset + (kept?.generation === generation ? kept.chunks : 0);
      return Array.from({ length: count }, (_, index) => chunkAccount(slot, generation, from + index));
    });
    const results = await run(accounts.map(account => ({ op: 'get', account, library: 0 })));
    found.push(...accounts.filter((_, index) => results[index] !== null));
    if (results.every(result => result === null)) {
      return found;
    }
  }
}

/** Deletes the chunks that a head names, last one first. */
function deleteChunks(slot: string, text: StepResults[number] | undefined, library: number): KeychainStep[] {
  const head = typeof text === 'string' ? parseChunkHead(text) : undefined;
  return Array.from({ length: head?.chunks ?? 0 }, (_, index) => ({
    op: 'delete',
    account: chunkAccount(slot, head?.generation ?? 'a', (head?.chunks ?? 0) - 1 - index),
    library,
    optional: library === 1,
  }));
}

/** What is in the head's item instead of the value. */
type ChunkHead = {
  generation: 'a' | 'b';
  chunks: number;
  /** At the start of every chunk, so that chunks of two writes are never put together. */
  id: string;
};

/**
 * Windows keeps 2,560 bytes: 2,560 UTF-8 bytes with keytar, 1,280 UTF-16 units with `@napi-rs/keyring`
 * (docs/wire.md#windows-credential-size). Ours are ASCII.
 */
export const WINDOWS_VALUE_LENGTH = 1200;

/** Ids are 8 hex digits, followed by a colon in a chunk. */
const ID_LENGTH = 8;

/** A shorter limit would not hold the head. */
export const SHORTEST_VALUE_LENGTH = 80;

function chunkAccount(slot: string, generation: ChunkHead['generation'], index: number): string {
  return `${slot}.${generation}${index}`;
}

/** The head in an item's text, or undefined if the text is the value itself. */
function parseChunkHead(text: string): ChunkHead | undefined {
  const match = /^\{"generation":"([ab])","chunks":(\d{1,6}),"id":"([0-9a-f]{8})"\}$/.exec(text);
  return match === null
    ? undefined
    : { generation: match[1] as 'a' | 'b', chunks: Number(match[2]), id: match[3] ?? '' };
}

function splitValue(
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
function joinChunks(head: ChunkHead, chunks: readonly unknown[]): string | undefined {
  const texts = chunks.filter(chunk => typeof chunk === 'string').filter(chunk => chunk.startsWith(`${head.id}:`));
  return texts.length === head.chunks ? texts.map(chunk => chunk.slice(ID_LENGTH + 1)).join('') : undefined;
}

/** JSON with every character beyond ASCII escaped: as many bytes as UTF-16 units, and no pair is torn by a split. */
export function asciiJson(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
