import Table from 'cli-table3';
import type { Finding } from './finding.ts';

const TITLES = { moved: 'Moved', unknown: 'Could not be looked at', skipped: 'Skipped' } as const;

/** What is not as it is pinned, with the file that must change, 80 columns wide; and how much is. */
export function report(findings: readonly Finding[]): string {
  const of = (state: Finding['state']) => findings.filter(finding => finding.state === state);
  const tables = (['moved', 'unknown', 'skipped'] as const)
    .filter(state => of(state).length > 0)
    .map(state => table(TITLES[state], of(state)));
  const counts =
    `${of('moved').length} moved, ${of('same').length} as pinned, ${of('unknown').length} could not be looked at, ` +
    `${of('skipped').length} skipped.`;
  return [...tables, counts].join('\n\n');
}

/** Without padding and with two blanks between them 80 columns. */
const WIDTHS = [40, 16, 20];
const NONE = ['top', 'bottom', 'left', 'mid', 'right'].flatMap(side => [
  side,
  `${side}-mid`,
  `${side}-left`,
  `${side}-right`,
]);

function table(title: string, findings: readonly Finding[]): string {
  const rows = new Table({
    colWidths: WIDTHS,
    wordWrap: true,
    chars: { ...Object.fromEntries(NONE.map(name => [name, ''])), middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  rows.push(
    [`${title}, and the file to change`, 'pinned', 'npm serves'],
    WIDTHS.map(width => '-'.repeat(width)),
    ...findings.map(({ fact, change, pinned, found }) =>
      [`${fact}\n  ${change}`, pinned, found].map((cell, column) => broken(cell, WIDTHS[column] ?? 0)),
    ),
  );
  return rows
    .toString()
    .split('\n')
    .map(line => line.trimEnd())
    .join('\n');
}

/** Words that are too long for their column would be cut; nothing in them steers a terminal. */
function broken(text: string, width: number): string {
  const tooLong = new RegExp(`.{${width}}(?=.)`, 'gu');
  return text
    .replaceAll(/[^\P{Cc}\n]/gu, ' ')
    .split('\n')
    .map(line =>
      line
        .split(' ')
        .map(word => word.replaceAll(tooLong, '$&\n'))
        .join(' '),
    )
    .join('\n');
}
