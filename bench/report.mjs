/** What the measuring parts give back, as text: tables, and the targets with whether each was met. */

/**
 * A row of the table of targets.
 * @param {'x' | 'ms'} unit `x`: ratio to bare openai-compatible in the same run
 * @param {{ bare?: number, moonshotai?: number }} [beside] the same measure of others, in the same unit
 */
export function limit(name, measured, most, unit, beside = {}) {
  return { name, measured, limit: most, unit, met: measured <= most, ...beside };
}

export function fixed(value, digits) {
  return Number.isFinite(value) ? value.toFixed(digits) : '';
}

/** With its sign, for a difference. */
export function signed(value, digits) {
  return `${value < 0 ? '' : '+'}${value.toFixed(digits)}`;
}

/** A value of a target with its unit: `0.23x`, `21.5 ms`. */
export function inUnit(value, unit) {
  if (value === undefined || !Number.isFinite(value)) {
    return '';
  }
  return unit === 'x' ? `${value.toFixed(2)}x` : `${value.toFixed(Math.abs(value) < 10 ? 2 : 1)} ms`;
}

/** Columns as wide as their widest cell; the first one left-aligned, the others right-aligned. */
export function table(title, header, rows) {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map(row => row[column].length)));
  const lines = all.map(row =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join('  '),
  );
  return [title, lines[0], widths.map(width => '-'.repeat(width)).join('  '), ...lines.slice(1), ''].join('\n');
}

export function targetTable(targets) {
  return table(
    'Targets',
    ['', 'measured', 'at most', '', 'bare', 'moonshotai'],
    targets.map(({ name, measured, limit: most, unit, met, bare, moonshotai }) => [
      name,
      inUnit(measured, unit),
      inUnit(most, unit),
      met ? 'met' : 'missed',
      inUnit(bare ?? (unit === 'x' ? 1 : undefined), unit),
      inUnit(moonshotai, unit),
    ]),
  );
}
