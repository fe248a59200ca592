import { partsOf, type ChatSubject, type SimulatorRule, type Verdict } from './simulator-rule';

/** A part of a message on the messages wire, as a request has it. */
export type ContentBlock = { type?: unknown } & Record<string, unknown>;

/** What a client posts to `/v1/messages`. */
export type MessagesBody = {
  model?: unknown;
  messages: { role?: unknown; content?: unknown }[];
  system?: unknown;
  max_tokens?: unknown;
  stream?: unknown;
  tools?: ({ type?: unknown; name?: unknown; input_schema?: unknown } & Record<string, unknown>)[];
  tool_choice?: { type?: unknown; name?: unknown };
  thinking?: { type?: unknown; budget_tokens?: unknown };
  output_config?: { effort?: unknown; format?: { schema?: unknown } };
  metadata?: { user_id?: unknown };
} & Record<string, unknown>;

/** A request of the Anthropic wire: as it came, and, in `body`, in the words of chat completions. */
export type MessagesSubject = ChatSubject & { messagesBody: MessagesBody; signatureAlphabet: SignatureAlphabet };

/** In which letters a signature may come back: in any, or only in those of base64url, which it is not sent in. */
export type SignatureAlphabet = 'any' | 'base64url';

/** A rule of the Anthropic body: its row and the one function that decides. */
export type MessagesRule = SimulatorRule & { check(subject: MessagesSubject): Verdict };

/** Completes the row of a 400, which all refusals of this body are. */
export function messagesRefusal(rule: Omit<MessagesRule, 'kind' | 'status' | 'type'>): MessagesRule {
  return { status: 400, type: 'invalid_request_error', ...rule, kind: 'refusal' };
}

export function messagesNotice(rule: Omit<MessagesRule, 'kind'>): MessagesRule {
  return { ...rule, kind: 'notice' };
}

/** A content block of the conversation, and where it stands, as the server writes it. */
export type PlacedBlock = { block: ContentBlock; role: unknown; path: string };

/** Every block of the messages, without those inside tool results. */
export function blocksOf({ messages }: MessagesBody): PlacedBlock[] {
  return messages.flatMap(({ role, content }, message) =>
    partsOf(content).map((block, index) => ({ block, role, path: `messages.${message}.content.${index}` })),
  );
}

/** Every block inside a tool result. */
export function resultBlocksOf(body: MessagesBody): PlacedBlock[] {
  return blocksOf(body)
    .filter(({ block }) => block.type === 'tool_result')
    .flatMap(({ block, role, path }) =>
      partsOf(block.content).map((inner, index) => ({ block: inner, role, path: `${path}.content.${index}` })),
    );
}
