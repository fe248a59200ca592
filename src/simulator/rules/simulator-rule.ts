import type { KimiService } from '../../upstream';
import type { RecordedRequest, SimulatorWire } from '../recorded-request';
import type { SimulatorModel } from '../simulator-model';

/**
 * One answer or refusal of the simulator, and why we believe that Kimi does the same.
 * `captured`: seen on the wire; `read in source`: in an official client's code; `reported`: by others, in public;
 * `assumed`: nobody said so, the simulator had to do something.
 */
export type SimulatorRule = {
  /** Unique name, as in `rules.disable`, `request.refusedBy` and `request.notices`. */
  rule: string;
  /** `notice`: answered all the same, but written down on the request. */
  kind: 'answer' | 'refusal' | 'notice';
  summary: string;
  source: string;
  confidence: 'captured' | 'read in source' | 'reported' | 'assumed';
  /** HTTP status of the answer, and `error.type` (`error` for OAuth) of a refusal. */
  status?: number;
  type?: string;
  /** Text of a refusal; `…` stands for what depends on the request. */
  text?: string;
  /** Whether `text` is the server's own as someone saw it, or ours. */
  wording?: 'real' | 'ours';
};

/**
 * A row as printed and exported: with what the real official client showed of it (`OFFICIAL_CLIENT_EVIDENCE`), and,
 * where it is a rule of a body, the wires that it is asked on.
 */
export type SimulatorRuleRow = SimulatorRule & {
  wires?: readonly SimulatorWire[];
  exercisedByOfficialClient: boolean;
  officialClient?: 'gets' | 'passes';
};

/** A message as a request has it, whatever its fields are. */
export type ChatMessage = {
  role?: unknown;
  content?: unknown;
  tool_calls?: unknown;
  tool_call_id?: unknown;
  reasoning_content?: unknown;
} & Record<string, unknown>;
/** A tool as a request offers it. */
export type ChatTool = {
  type?: unknown;
  function?: { name?: unknown; parameters?: unknown } & Record<string, unknown>;
};
/** The body of a request for a chat, as it came. */
export type ChatBody = {
  model?: unknown;
  messages: ChatMessage[];
  tools?: ChatTool[];
  stream?: unknown;
  thinking?: { type?: unknown; effort?: unknown; keep?: unknown };
} & Record<string, unknown>;

/** All that a rule of the chat body may look at. */
export type ChatSubject = {
  request: RecordedRequest;
  service: KimiService;
  body: ChatBody;
  model: SimulatorModel;
  /** Whether this call thinks: the model can and was not told otherwise. */
  thinking: boolean;
  /** Whether the account has a file with this id. */
  hasFile(id: string): boolean;
};

/**
 * `undefined`: nothing in the request concerns the rule. `passed`: something does, and it is fine.
 * `{ text }`: refused (or noticed) with that text.
 */
export type Verdict = undefined | 'passed' | { text: string };

/** A rule of the chat body: its row and the one function that decides. */
export type ChatRule = SimulatorRule & { check(subject: ChatSubject): Verdict };

/** Completes the row of a 400, which nearly all refusals of a body are. */
export function refusal(
  rule: Omit<ChatRule, 'kind' | 'status' | 'type'> & { status?: number; type?: string },
): ChatRule {
  return { status: 400, type: 'invalid_request_error', ...rule, kind: 'refusal' };
}

export function notice(rule: Omit<ChatRule, 'kind'>): ChatRule {
  return { ...rule, kind: 'notice' };
}

/** `passed` or nothing when no finding, by whether anything concerned the rule. */
export function verdict(concerned: boolean, text: string | undefined): Verdict {
  if (text !== undefined) {
    return { text };
  }
  return concerned ? 'passed' : undefined;
}

/** Text made of the parts of a message's content; blank when there is none. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') {
    return content;
  }
  return partsOf(content)
    .map(part => (typeof part.text === 'string' ? part.text : ''))
    .join('');
}

export function partsOf(content: unknown): Record<string, unknown>[] {
  return Array.isArray(content)
    ? content.filter((part): part is Record<string, unknown> => typeof part === 'object' && part !== null)
    : [];
}

/** The tool calls of an assistant message with the fields that rules need. */
export function toolCallsOf(message: ChatMessage): { id: string; name: string }[] {
  if (!Array.isArray(message.tool_calls)) {
    return [];
  }
  return (message.tool_calls as { id?: unknown; function?: { name?: unknown } }[]).map(call => ({
    id: String(call?.id ?? ''),
    name: String(call?.function?.name ?? ''),
  }));
}
