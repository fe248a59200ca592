import type { SimulatorRuleRow } from './rules/simulator-rule';

const WIDTH = 100;
const HEAD = ['rule', 'answer', 'confidence', 'text', 'official client', 'satisfied by'];

const INTRODUCTION = [
  'Every answer and refusal of the simulator, and why we believe that Kimi does the same.',
  'confidence: "captured" seen on the wire; "read in source" in an official client; "reported" by others in public; ' +
    '"assumed" by nobody, the simulator had to do something.',
  'text: "real" as someone saw it, or "ours".',
  'official client: what @moonshot-ai/kimi-code 2.1.0 showed in "npm run test:official". "gets": it got this ' +
    'and went on as with Kimi. ' +
    '"passes": it sent what the rule looks at and was not refused, which says that the rule is not too strict, ' +
    'not that Kimi refuses ' +
    'the rest. "-": the row is only as good as its source.',
];

/** The rules as aligned plain text, at most 100 columns wide. */
export function formatRules(rows: readonly SimulatorRuleRow[]): string {
  const table = [HEAD, ...rows.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...table.map(row => (row[column] as string).length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] as number))
      .join('  ')
      .trimEnd();
  const blocks = rows.map((row, index) => [
    line(table[index + 1] as string[]),
    ...wrap(row.summary, '    '),
    ...(row.text === undefined ? [] : wrap(row.text, '    text:   ')),
    ...wrap(row.source, '    source: '),
  ]);
  return [
    ...INTRODUCTION.flatMap(text => wrap(text, '')),
    '',
    line(HEAD),
    '-'.repeat(WIDTH),
    ...blocks.map(block => block.join('\n')),
  ].join('\n');
}

function cells({ rule, kind, status, confidence, wording, officialClient, satisfiedBy }: SimulatorRuleRow): string[] {
  return [
    rule,
    kind === 'notice' ? 'notice' : String(status ?? kind),
    confidence,
    wording ?? '-',
    officialClient ?? '-',
    satisfiedBy ?? '-',
  ];
}

function wrap(text: string, lead: string): string[] {
  const lines: string[] = [];
  let current = lead;
  const indent = ' '.repeat(lead.length);
  for (const word of text.split(' ')) {
    const room = current.trim() === '' || current === lead ? current + word : `${current} ${word}`;
    if (room.length > WIDTH && current !== lead && current.trim() !== '') {
      lines.push(current);
      current = indent + word;
    } else {
      current = room;
    }
  }
  return [...lines, current];
}
