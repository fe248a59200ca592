import { isTooDeep } from '../transport/json-depth';

/** An error body as far as the classifier reads it. */
export type ErrorBody = {
  /** What the body says to the reader; `undefined` where it says nothing. */
  message: string | undefined;
  /** All that it says, the message first: some name the plan or the model in a second field. */
  texts: string[];
  /** `type`, `code`, `status` and the like, in the order of the body. */
  types: string[];
  /** The body: parsed JSON, or the text where it is none. */
  data: unknown;
  /** The body is a page, of a proxy or of another host. */
  isPage: boolean;
};

const MESSAGE_FIELDS = ['error_description', 'message', 'detail', 'msg', 'reason'] as const;
const TYPE_FIELDS = ['type', 'code', 'status'] as const;

/**
 * Reads any error body that Kimi or a proxy in front of it sends: `{error: {message, type}}` (OpenAI wire), `{type:
 * 'error', error: {…}}` (Anthropic wire), `{error: '…', error_description}`, `{message}`, `{detail}`, `{errors: […]}`,
 * pages, plain text and nothing (docs/wire.md#error-bodies).
 */
export function readErrorBody(body: unknown): ErrorBody {
  if (typeof body !== 'string') {
    return fromJSON(body);
  }
  const text = body.trim();
  if (text === '') {
    return { message: undefined, texts: [], types: [], data: undefined, isPage: false };
  }
  if (text.startsWith('<')) {
    const title = titleOf(text);
    return { message: title, texts: title === undefined ? [] : [title], types: [], data: text, isPage: true };
  }
  try {
    // Whoever prints an error with `data` would overflow the stack.
    if (!isTooDeep(text)) {
      return fromJSON(JSON.parse(text));
    }
  } catch {
    // Text, then.
  }
  return { message: text, texts: [text], types: [], data: text, isPage: false };
}

function fromJSON(data: unknown): ErrorBody {
  const texts = textsOf(data, 0);
  return { message: texts[0], texts, types: typesOf(data, 0), data, isPage: false };
}

/** The fields that speak to people, outer ones first. */
function textsOf(value: unknown, depth: number): string[] {
  if (typeof value === 'string') {
    return isText(value) ? [value] : [];
  }
  if (typeof value !== 'object' || value === null || depth > 3) {
    return [];
  }
  const record = value as Record<string, unknown>;
  const own = MESSAGE_FIELDS.map(field => record[field]).filter(isText);
  const first: unknown = Array.isArray(record.errors) ? record.errors[0] : undefined;
  const detail = typeof record.detail === 'string' ? undefined : record.detail;
  return [...own, ...[record.error, detail, first].flatMap(inner => textsOf(inner, depth + 1))];
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

function typesOf(value: unknown, depth: number): string[] {
  if (typeof value !== 'object' || value === null || depth > 3) {
    return [];
  }
  const record = value as Record<string, unknown>;
  const own = TYPE_FIELDS.flatMap(field => {
    const type = record[field];
    return (typeof type === 'string' && type !== 'error') || typeof type === 'number' ? [String(type)] : [];
  });
  // `{error: 'invalid_grant'}`: a word without spaces is a type.
  const word = typeof record.error === 'string' && /^[\w.-]+$/.test(record.error) ? [record.error] : [];
  return [...own, ...word, ...typesOf(record.error, depth + 1), ...typesOf(record.detail, depth + 1)];
}

function titleOf(page: string): string | undefined {
  const title = /<(title|h1)[^>]*>([^<]{1,200})</i.exec(page.slice(0, 4096))?.[2]?.trim();
  return title === '' ? undefined : title;
}

/** An error body of any shape, or an event that is one, as it was parsed. */
export type WireErrorBody = Record<string, unknown>;

/** Whether this is an error body of one of the shapes of docs/wire.md#error-bodies, and no part of an answer. */
export function isErrorBody(value: unknown): value is WireErrorBody {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return false;
  }
  const body = value as WireErrorBody;
  const texts = [body.message, body.detail, body.error_description];
  return body.error != null || (!('choices' in body) && texts.some(text => typeof text === 'string'));
}
