/** A verdict for the reader of a terminal, 80 columns wide. */
import { sum, type Verdict } from './verdict.ts';

const WIDTH = 80;

export function table(verdict: Verdict): string {
  const megabytes = Object.values(verdict.memoryBytes).map(bytes => bytes / 1e6);
  return [
    row('requests', verdict.requests),
    row('answers', verdict.answers),
    row('called off by the caller', verdict.abortedByCaller),
    row('cut off by SIGKILL', verdict.cutByKill),
    ...group('typed errors', verdict.typedErrors),
    ...group('untyped errors', verdict.untypedErrors, 0),
    ...group('faults of the server', byEndpoint(verdict.faults)),
    ...group('what happened to the world', verdict.world),
    row('refreshes', verdict.refreshes),
    row('refresh tokens used twice', verdict.reuses, 0),
    ...group('logins lost by a step that decision 20 allows', verdict.lossesAllowed),
    row('logins ended by the server', verdict.endedByServer),
    row('requests or answers under the wrong account or host', verdict.wrongAccount, 0),
    row('answers torn and passed on as whole', verdict.torn, 0),
    row('calls that waited although their token was good', verdict.stalls, 0),
    row('hangs', verdict.hangs, 0),
    row('leaked secrets', verdict.leaks, 0),
    row('processes that ended by themselves', verdict.crashes, 0),
    row('memory peak of a worker, MB (median)', `${fixed(Math.max(0, ...megabytes))} (${fixed(median(megabytes))})`),
    row('longest time without a turn of the event loop, ms', fixed(verdict.blockedMs)),
  ].join('\n');
}

function row(name: string, value: number | string, must?: number): string {
  const end = must === undefined ? '' : value === must ? '  ok' : `  MUST BE ${must}`;
  return `${name.padEnd(54)} ${String(value).padStart(10)}${end}`.slice(0, WIDTH);
}

function group(name: string, counts: Record<string, number>, must?: number): string[] {
  const entries = Object.entries(counts).toSorted(([, one], [, other]) => other - one);
  return [row(name, sum(counts), must), ...entries.map(([entry, count]) => row(`  ${entry.slice(0, 52)}`, count))];
}

function byEndpoint(faults: Record<string, number>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [name, count] of Object.entries(faults)) {
    const [endpoint = ''] = name.split(':');
    const kinds = Object.keys(faults).filter(other => other.startsWith(`${endpoint}:`)).length;
    const key = `${endpoint}, ${kinds} kinds`;
    counts[key] = (counts[key] ?? 0) + count;
  }
  return counts;
}

function median(values: number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}

function fixed(value: number): string {
  return value.toFixed(0);
}
