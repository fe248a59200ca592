import type { ChatSubject } from './rules/chat-rule';
import type { SimulatorRule } from './rules/simulator-rule';
import { CHAT_RULES } from './rules/simulator-rules';

export type Refusal = { row: SimulatorRule; text: string };

/**
 * Asks every rule of the chat body, writes notices and passed rules on the request, and returns the first refusal.
 * Rules in `disabled` are not asked; with `strict` off a refusal is only a notice.
 */
export function judgeChat(subject: ChatSubject, disabled: ReadonlySet<string>, strict: boolean): Refusal | undefined {
  let first: Refusal | undefined;
  for (const { check, ...row } of CHAT_RULES) {
    if (disabled.has(row.rule)) {
      continue;
    }
    const verdict = check(subject);
    if (verdict === 'passed') {
      subject.request.passedRules.push(row.rule);
    } else if (verdict !== undefined && (row.kind === 'notice' || !strict)) {
      subject.request.notices.push(`${row.rule}: ${verdict.text}`);
    } else if (verdict !== undefined) {
      first ??= { row, text: verdict.text };
    }
  }
  return first;
}
