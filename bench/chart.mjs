/**
 * The targets as an SVG chart. Ratios share one axis, on which bare openai-compatible is 1; each time has a scale of
 * its own, from 0. A bar is what was measured, a tick its target, a ring moonshotai's, a square bare
 * openai-compatible's. Colours follow the reader's light or dark setting.
 */
import { inUnit } from './report.mjs';

const WIDTH = 920;
const MARGIN = 24;
const LABEL_WIDTH = 340;
const BAR_LEFT = MARGIN + LABEL_WIDTH;
const BAR_WIDTH = 336;
const VALUE_LEFT = BAR_LEFT + BAR_WIDTH + 20;
const ROW_HEIGHT = 24;
const BAR_HEIGHT = 12;
const SECTION_HEIGHT = 64;
/** A ratio axis ends here at the least, so that bare's line is never at the edge. */
const LEAST_RATIO = 1.25;

const STYLE = `
  svg { --ink: #1f2328; --soft: #59636e; --line: #d1d9e0; --paper: #ffffff; --met: #1a7f37; --missed: #bc4c00; }
  @media (prefers-color-scheme: dark) {
    svg { --ink: #f0f6fc; --soft: #9198a1; --line: #3d444d; --paper: #0d1117; --met: #3fb950; --missed: #f0883e; }
  }
  text { font: 13px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; fill: var(--ink); }
  .title { font-size: 17px; font-weight: 600; } .head { font-weight: 600; }
  .soft { fill: var(--soft); font-size: 12px; }
  .paper { fill: var(--paper); } .met { fill: var(--met); } .missed { fill: var(--missed); }
  .grid { stroke: var(--line); } .tick { stroke: var(--ink); stroke-width: 2; }
  .other { fill: var(--paper); stroke: var(--soft); stroke-width: 1.5; }
  .number { text-anchor: end; font-variant-numeric: tabular-nums; } .middle { text-anchor: middle; }`;

/** @param {object} report what run.mjs measures @returns the text of an SVG file */
export function chart(report) {
  const ratios = report.targets.filter(({ unit }) => unit === 'x');
  const times = report.targets.filter(({ unit }) => unit === 'ms');
  const parts = [];
  let top = 78;
  if (ratios.length > 0) {
    parts.push(ratioSection(ratios, top));
    top += SECTION_HEIGHT + ratios.length * ROW_HEIGHT;
  }
  if (times.length > 0) {
    parts.push(timeSection(times, top));
    top += SECTION_HEIGHT + times.length * ROW_HEIGHT;
  }
  const met = report.targets.filter(target => target.met).length;
  const title = `${met} of ${report.targets.length} targets met`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" width="${WIDTH}" height="${top}">`,
    `<title>${escaped(`npm run bench: ${title}`)}</title>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="paper" width="${WIDTH}" height="${top}"/>`,
    text(MARGIN, 34, `What ai-sdk-provider-kimi costs: ${title}`, 'title'),
    text(MARGIN, 54, `${machine(report)}. Shorter is better.`, 'soft'),
    ...legend(),
    ...parts.flat(),
    '</svg>\n',
  ].join('\n');
}

function machine({ node, cpu, cores, load, quick }) {
  const words = [`Node ${node.slice(1)}`, `${cores} cores${cpu === undefined ? '' : ` of ${cpu}`}`];
  return [...words, `load ${load.map(each => each.toFixed(1)).join(' to ')}`, ...(quick ? ['quick run'] : [])].join(
    ', ',
  );
}

function legend() {
  const middle = 50;
  const bar = name => x => rectangle(x - 5, middle - 5, 10, 10, name);
  const marks = [
    [560, 'met', bar('met')],
    [612, 'missed', bar('missed')],
    [684, 'target', x => line(x, middle - 7, x, middle + 7, 'tick')],
    [746, 'moonshotai', x => ring(x, middle)],
    [838, 'bare', x => square(x, middle)],
  ];
  return marks.flatMap(([x, words, mark]) => [mark(x), text(x + 10, middle + 4, words, 'soft')]);
}

function ratioSection(targets, top) {
  const largest = Math.max(LEAST_RATIO, ...targets.flatMap(({ measured, moonshotai = 0 }) => [measured, moonshotai]));
  const scale = value => BAR_LEFT + (Math.max(value, 0) / largest) * BAR_WIDTH;
  const bottom = top + SECTION_HEIGHT - 24 + targets.length * ROW_HEIGHT;
  const step = largest > 2.5 ? 1 : 0.5;
  const grid = Array.from({ length: Math.floor(largest / step) + 1 }, (_, index) => index * step).flatMap(value => [
    line(scale(value), top + 30, scale(value), bottom, 'grid'),
    text(scale(value), top + 24, value === 1 ? '1 = bare' : String(value), 'soft middle'),
  ]);
  return [
    text(MARGIN, top + 24, 'Ratio to bare openai-compatible 3', 'head'),
    ...grid,
    ...targets.flatMap((target, index) => row(target, top + 36 + index * ROW_HEIGHT, scale)),
  ];
}

function timeSection(targets, top) {
  return [
    text(MARGIN, top + 24, 'Milliseconds, each row on a scale of its own', 'head'),
    ...targets.flatMap((target, index) => {
      const { measured, limit, bare = 0, moonshotai = 0 } = target;
      const largest = Math.max(measured, limit * 1.5, bare, moonshotai);
      return row(target, top + 36 + index * ROW_HEIGHT, value => BAR_LEFT + (Math.max(value, 0) / largest) * BAR_WIDTH);
    }),
  ];
}

/** @param {(value: number) => number} scale from a measure to its place from the left; what is under 0 stands at 0 */
function row({ name, measured, limit, unit, met, bare, moonshotai }, top, scale) {
  const middle = top + ROW_HEIGHT / 2;
  const barTop = middle - BAR_HEIGHT / 2;
  // A difference to bare can be 0 or less; a hair shows that the bar is there.
  const width = Math.max(scale(measured) - BAR_LEFT, 1.5);
  return [
    text(MARGIN, middle + 4, name),
    rectangle(BAR_LEFT, barTop, width, BAR_HEIGHT, met ? 'met' : 'missed'),
    line(scale(limit), barTop - 4, scale(limit), barTop + BAR_HEIGHT + 4, 'tick'),
    ...(bare === undefined ? [] : [square(scale(bare), middle)]),
    ...(moonshotai === undefined ? [] : [ring(scale(moonshotai), middle)]),
    text(VALUE_LEFT + 60, middle + 4, inUnit(measured, unit), 'number'),
    text(WIDTH - MARGIN, middle + 4, `at most ${inUnit(limit, unit)}`, 'number soft'),
  ];
}

function line(x1, y1, x2, y2, name) {
  return `<line class="${name}" x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>`;
}

function rectangle(x, y, width, height, name) {
  return `<rect class="${name}" x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${height}"/>`;
}

function ring(x, y) {
  return `<circle class="other" cx="${round(x)}" cy="${round(y)}" r="4"/>`;
}

function square(x, y) {
  return rectangle(x - 4, y - 4, 8, 8, 'other');
}

function text(x, y, words, name) {
  const attribute = name === undefined ? '' : ` class="${name}"`;
  return `<text${attribute} x="${round(x)}" y="${round(y)}">${escaped(words)}</text>`;
}

function round(value) {
  return Math.round(value * 10) / 10;
}

function escaped(words) {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
