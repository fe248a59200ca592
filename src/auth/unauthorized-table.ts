/**
 * Decides what a 401 of the API is about (decisions.md 19). Kimi answers 401 not only to a dead token, but also to a
 * model the plan lacks (peers.md 5.2: openclaw#111561, kolega-code#542), a context above the plan (kimi-code#2854) and
 * missing high-speed access (wire.md 8.2). A refresh does not help there; it would spend a refresh token and end in
 * "sign in again" for somebody who is signed in.
 */

/** Texts that are not about the token, first match wins. Whatever matches none of them, an empty body too, is. */
const NOT_THE_TOKEN: ReadonlyArray<{ about: string; text: RegExp }> = [
  { about: 'high-speed access', text: /high[\s_-]?speed/i },
  {
    about: 'membership',
    text: word('member(ship)?s?|subscriptions?|subscribe|benefits?|upgrade|entitle(d|ments?)|plans?'),
  },
  { about: 'model', text: word('models?') },
  { about: 'context', text: /(?<![a-z])(context|token limit|too many tokens|max_(completion_)?tokens)(?![a-z])/i },
];

/**
 * The fields of an error body that speak to the reader (wire.md 8.2). Others may echo the request, which names a model.
 */
const TEXT_FIELDS = ['message', 'detail', 'error_description', 'type', 'code', 'error'] as const;

/**
 * Whether a 401 with this body means that the API does not accept the access token, so that a refresh can help.
 * @param body text of the response, of either wire; need not be JSON
 */
export function isTokenRefused(body: string): boolean {
  const text = readableText(body).replace(/https?:\/\/\S+/g, ' ');
  return !NOT_THE_TOKEN.some(row => row.text.test(text));
}

function word(alternatives: string): RegExp {
  // Not \b: an underscore is a word character, and codes look like `model_not_found`.
  return new RegExp(`(?<![a-z])(?:${alternatives})(?![a-z])`, 'i');
}

function readableText(body: string): string {
  const trimmed = body.trim();
  if (trimmed.startsWith('<')) {
    // A proxy's page says nothing about the plan.
    return '';
  }
  try {
    return textFields(JSON.parse(trimmed), 0).join(' ');
  } catch {
    return trimmed;
  }
}

function textFields(value: unknown, depth: number): string[] {
  if (typeof value === 'string') {
    return [value];
  }
  if (typeof value !== 'object' || value === null || depth > 3) {
    return [];
  }
  return TEXT_FIELDS.flatMap(field => textFields((value as Record<string, unknown>)[field], depth + 1));
}
