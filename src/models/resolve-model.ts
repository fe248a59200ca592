import { KimiNoSuchModelError, KimiUnsupportedProtocolError } from '../errors/kimi-error';
import type { KimiService } from '../upstream';
import { knownModel } from './known-models';
import type { KimiProtocol, ModelInfo } from './model-info';

/** What the account has, in server order; `undefined` where the server could not be asked yet. */
export type KnownModels = { models: readonly ModelInfo[]; source: 'server' | 'cache' } | undefined;

/** What an id means for this account, and why: the whole of a wrong slug's story, without a network trace. */
export type ModelResolution = {
  /** The id that was asked for. */
  id: string;
  /**
   * `resolved`: `slug` is sent. `unknown`: the account has no such model. `unsupported`: it is served on a protocol
   * that is not spoken here.
   */
  outcome: 'resolved' | 'unknown' | 'unsupported';
  slug: string;
  protocol: ModelInfo['protocol'];
  /** Capabilities of `slug`, which drive the engine. */
  capabilities: ModelInfo;
  /** One sentence for people. */
  why: string;
  /** Where the list came from; `bundled`: the table in the package, for lack of a list. */
  source: 'server' | 'cache' | 'bundled';
  /** Ids of the account that can be used, in server order; empty without a list. */
  usable: readonly string[];
};

/** The stable alias for what a coding account is entitled to. */
const ALIAS = 'kimi-for-coding';

/** What `auto` is without a list: the service's own default. */
const DEFAULTS: Readonly<Record<KimiService, string>> = { coding: ALIAS, platform: 'kimi-k3' };

/**
 * Id to slug, pure. `auto` is the server's first entry, its default (docs/wire.md#choice-of-slug). `kimi-for-coding` is
 * sent as is where the account lists it, else it means the first entry. Any other id must be in the list, where there
 * is one.
 */
export function resolveModel(id: string, known: KnownModels, service: KimiService): ModelResolution {
  if (known === undefined || known.models.length === 0) {
    const slug = id === 'auto' ? DEFAULTS[service] : id;
    return resolution(
      id,
      knownModel(slug, service),
      'bundled',
      [],
      `The account's list is not known yet; sent as ${JSON.stringify(slug)} with the bundled capabilities.`,
    );
  }
  const { models, source } = known;
  const usable = models.filter(isSpoken).map(model => model.id);
  const listed = models.find(model => model.id === id);
  const first = models[0] as ModelInfo;
  if (listed !== undefined) {
    return resolution(id, listed, source, usable, 'The account lists it; sent as it is.');
  }
  if (id === 'auto') {
    return resolution(
      id,
      first,
      source,
      usable,
      `"auto" is the first model in the account's list, the server's default.`,
    );
  }
  if (id === ALIAS && service === 'coding') {
    return resolution(
      id,
      first,
      source,
      usable,
      `"${ALIAS}" means what the account is entitled to; its list has no entry of that name, so the first one is sent.`,
    );
  }
  const nearest = nearestId(
    id,
    models.map(model => model.id),
  );
  return {
    ...resolution(
      id,
      knownModel(id, service),
      source,
      usable,
      'The account has no model ' +
        `${JSON.stringify(id)}.${nearest === undefined ? '' : ` The nearest it has is "${nearest}".`}`,
    ),
    outcome: 'unknown',
  };
}

/** OpenAI's Responses are not spoken here (docs/wire.md#model-protocol). */
export function isSpoken({ protocol }: Pick<ModelInfo, 'protocol'>): boolean {
  return protocol !== 'response';
}

/**
 * The capabilities of a resolved model.
 * @param asked a wire that the user names counts, whatever the list says
 * @throws KimiNoSuchModelError, KimiUnsupportedProtocolError, with the ids that can be used
 */
export function usableModel(
  { id, outcome, slug, protocol, capabilities, why, usable }: ModelResolution,
  asked: KimiProtocol = 'auto',
): ModelInfo {
  const list = usable.length === 0 ? 'none' : usable.join(', ');
  if (outcome === 'unknown') {
    const word = /^[\w.:/-]+$/.test(id) ? id : JSON.stringify(id);
    throw new KimiNoSuchModelError({
      modelId: id,
      available: usable,
      message: `${why} Use one of: ${list}. To see why: npx ai-sdk-provider-kimi models --explain ${word}`,
    });
  }
  if (outcome === 'unsupported' && asked === 'auto') {
    throw new KimiUnsupportedProtocolError({
      modelId: id,
      protocol,
      usable,
      message:
        `Kimi serves "${slug}" on the protocol "${protocol}", which this package does not speak. Use one of: ` +
        `${list}. Or try whether it is served on another one, too: protocol: { '${slug}': 'chat' } in the settings, ` +
        "or 'messages'.",
    });
  }
  return capabilities;
}

function resolution(
  id: string,
  model: ModelInfo,
  source: ModelResolution['source'],
  usable: readonly string[],
  why: string,
): ModelResolution {
  const { protocol } = model;
  return {
    id,
    outcome: isSpoken(model) ? 'resolved' : 'unsupported',
    slug: model.id,
    protocol,
    capabilities: model,
    why,
    source,
    usable,
  };
}

/**
 * The candidate that a person most likely meant: fewest edits, at most half of the id's length; `undefined` where none
 * is near.
 */
export function nearestId(id: string, candidates: readonly string[]): string | undefined {
  const normalized = normalize(id);
  if (normalized === '') {
    return undefined;
  }
  const ranked = candidates
    .map(candidate => ({ candidate, distance: editDistance(normalized, normalize(candidate)) }))
    .toSorted((left, right) => left.distance - right.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.max(2, normalized.length / 2) ? best.candidate : undefined;
}

/** Names differ by prefix, case and separators more often than by letters: `Kimi-K3`, `kimi_k3`, `k3`. */
function normalize(id: string): string {
  return id
    .toLowerCase()
    .replace(/^kimi[-_]?(?=k\d)/, '')
    .replace(/[^a-z0-9]/g, '');
}

/** Levenshtein, one row at a time. */
function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (const [i, character] of [...left].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...right].entries()) {
      next.push(Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, (row[j] ?? 0) + (character === other ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
