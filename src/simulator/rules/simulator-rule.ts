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
  /**
   * The issue of this repository whose engine rules keep a request from being refused; none: the first skeleton does.
   */
  satisfiedBy?: 'issue 4';
};

/** A row as printed and exported: with what the real official client showed of it (`official-client-evidence.ts`). */
export type SimulatorRuleRow = SimulatorRule & {
  exercisedByOfficialClient: boolean;
  officialClient?: 'gets' | 'passes';
};
