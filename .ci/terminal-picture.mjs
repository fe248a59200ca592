// `node .ci/terminal-picture.mjs`: docs/images/terminal.svg, a login, a stream and the quota, recorded in a real
// pseudo-terminal (`script` of util-linux) of what `dist` does against the simulator. It plays once, and where nothing
// moves it shows its end. A HOME of its own; nothing is sent anywhere.
import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startKimiSimulator } from '../dist/simulator.js';

const COLUMNS = 80;
const ROWS = 28;
const CELL = { width: 8.43, height: 18 };
const MARGIN = 18;
const TITLE = 34;
const BACKGROUND = '#0d1117';
const FONTS = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace";
const COLOURS = {
  31: '#ff7b72',
  32: '#7ee787',
  33: '#e3b341',
  35: '#d2a8ff',
  36: '#79c0ff',
  90: '#8b949e',
  97: '#fff',
};
/** A recorded pause is never shown longer, in ms: somebody watches. */
const LONGEST_PAUSE = 900;
/** How long the login stays, before the next command is typed. */
const READING = 1600;

/** What stands on the lines, each piece with its style and when it came. Spinners overwrite what they wrote. */
class Recording {
  lines = [[]];
  time = 600;
  style = { colour: undefined, isBold: false, isDim: false, isUnderlined: false, isBoxed: false };

  write(text) {
    // oxlint-disable-next-line no-control-regex -- what a terminal reads
    for (const [piece, parameters = '', command] of text.matchAll(/\x1b\[(\??[\d;]*)([A-Za-z])|\r|\n|[^\x1b\r\n]+/g)) {
      if (command === 'm') {
        parameters.split(';').forEach(code => this.setStyle(Number(code)));
      } else if (command === 'G' || command === 'K') {
        this.lines[this.lines.length - 1] = [];
      } else if (command === undefined && piece === '\n') {
        this.lines.push([]);
      } else if (command === undefined && piece !== '\r') {
        this.put(piece);
      }
    }
  }

  put(text) {
    const line = this.lines.at(-1);
    const used = line.reduce((sum, { text: word }) => sum + word.length, 0);
    const fits = text.slice(0, COLUMNS - used);
    line.push({ text: fits, column: used, time: this.time, ...this.style });
    if (fits.length < text.length) {
      this.lines.push([]);
      this.put(text.slice(fits.length));
    }
  }

  setStyle(code) {
    const { style } = this;
    const ends = { 22: { isBold: false, isDim: false }, 24: { isUnderlined: false }, 39: { colour: undefined } };
    const begins = { 1: { isBold: true }, 2: { isDim: true }, 4: { isUnderlined: true }, 40: { isBoxed: true } };
    this.style = { ...style, ...ends[code], ...begins[code], ...(code === 49 ? { isBoxed: false } : {}) };
    if (code in COLOURS) {
      this.style.colour = COLOURS[code];
    }
  }

  /** Somebody types a command. */
  type(command) {
    this.write('\x1b[32m$\x1b[39m ');
    for (const character of command) {
      this.time += 28;
      this.write(character);
    }
    this.time += 300;
    this.write('\n');
  }
}

async function record(recording, shown, argv, { cwd, env, whileRunning }) {
  recording.type(shown);
  const command = argv.map(word => `'${word}'`).join(' ');
  const child = spawn('script', ['-qefc', `stty cols ${COLUMNS} rows 60 && exec ${command}`, '/dev/null'], {
    cwd,
    env,
  });
  let before = Date.now();
  let all = '';
  child.stdout.setEncoding('utf8').on('data', text => {
    recording.time += Math.min(Date.now() - before, LONGEST_PAUSE);
    before = Date.now();
    all += text;
    recording.write(text);
    whileRunning?.(all);
  });
  const code = await new Promise(resolve => child.on('close', resolve));
  if (code !== 0) {
    throw new Error(`${shown} ended with ${code}: ${all}`);
  }
  recording.time += READING;
}

const escape = text => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const fixed = number => String(Math.round(number * 100) / 100);

/** A QR code is drawn, because fonts leave gaps between half blocks. */
function blocks(text, x, y) {
  const half = CELL.height / 2;
  const cell = (at, top, height) =>
    `M${fixed(x + at * CELL.width)} ${fixed(top)}h${fixed(CELL.width)}v${fixed(height)}h-${fixed(CELL.width)}z`;
  const dark = [...text].map((character, at) =>
    character === ' '
      ? cell(at, y, CELL.height)
      : character === '▀'
        ? cell(at, y + half, half)
        : character === '▄'
          ? cell(at, y, half)
          : '',
  );
  const width = fixed(text.length * CELL.width);
  return (
    `<path fill="#fff" d="M${fixed(x)} ${fixed(y)}h${width}v${CELL.height}h-${width}z"/>` +
    `<path fill="${BACKGROUND}" d="${dark.join('')}"/>`
  );
}

function draw({ text: piece, column, time, colour, isBold, isDim, isUnderlined, isBoxed }, row) {
  const text = isBoxed ? piece : piece.trim();
  const x = (column + piece.length - (isBoxed ? piece : piece.trimStart()).length) * CELL.width;
  const y = row * CELL.height;
  const delay = ` style="animation-delay:${Math.round(time)}ms"`;
  if (isBoxed) {
    return `<g class="c" shape-rendering="crispEdges"${delay}>${blocks(text, x, y)}</g>`;
  }
  if (text === '') {
    return '';
  }
  const look = [
    colour === undefined ? '' : ` fill="${colour}"`,
    isBold ? ' font-weight="bold"' : '',
    isDim ? ' opacity=".62"' : '',
    isUnderlined ? ' text-decoration="underline"' : '',
  ].join('');
  const length = fixed(text.length * CELL.width);
  return (
    `<text class="c" x="${fixed(x)}" y="${fixed(y + 14)}" textLength="${length}" lengthAdjust="spacingAndGlyphs"` +
    `${delay}${look}>${escape(text)}</text>`
  );
}

function picture({ lines, time }) {
  const rows = lines.at(-1).length === 0 ? lines.slice(0, -1) : lines;
  const width = COLUMNS * CELL.width + 2 * MARGIN;
  const height = ROWS * CELL.height + TITLE + MARGIN;
  const up = count => `transform:translateY(-${fixed(count * CELL.height)}px)`;
  const end = Math.max(0, rows.length - ROWS);
  // The window scrolls when a line comes that does not fit.
  const scrolls = rows
    .slice(ROWS)
    .map((row, index) => ({ at: row[0]?.time ?? rows[ROWS + index - 1]?.[0]?.time, index }));
  const steps = scrolls
    .filter(({ at }) => at !== undefined)
    .map(({ at, index }) => `${fixed((at / time) * 100)}%{${up(index + 1)}}`);
  const style =
    'text{white-space:pre}.c{animation:c 1ms both}@keyframes c{from{opacity:0}}' +
    `.s{${up(end)};animation:s ${Math.round(time)}ms step-end both}` +
    `@keyframes s{0%{${up(0)}}${steps.join('')}100%{${up(end)}}}` +
    '@media (prefers-reduced-motion:reduce){.c,.s{animation:none}}';
  const dots = ['#ff5f57', '#febc2e', '#28c840'].map(
    (fill, at) => `<circle cx="${22 + at * 20}" cy="18" r="6" fill="${fill}"/>`,
  );
  const text = rows
    .map(row =>
      row
        .map(({ text: word }) => word)
        .join('')
        .trimEnd(),
    )
    .join('\n');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${fixed(width)} ${height}" width="${fixed(width)}" ` +
      `height="${height}" role="img" aria-labelledby="t">`,
    '<title id="t">In a terminal: signing in to Kimi, an answer with its reasoning, the quota of the plan</title>',
    `<desc>${escape(text)}</desc>`,
    `<style>${style}</style>`,
    `<rect width="100%" height="100%" rx="9" fill="${BACKGROUND}"/>${dots.join('')}`,
    `<svg x="${MARGIN}" y="${TITLE}" width="${fixed(COLUMNS * CELL.width)}" height="${ROWS * CELL.height}">`,
    `<g class="s" fill="#e6edf3" font-size="14" font-family="${FONTS}">`,
    ...rows.map((row, index) => row.map(piece => draw(piece, index)).join('')).filter(Boolean),
    '</g></svg></svg>\n',
  ].join('\n');
}

const root = path.resolve(import.meta.dirname, '..');
const place = mkdtempSync(path.join(tmpdir(), 'kimi-picture-'));
const app = path.join(place, 'app');
mkdirSync(path.join(app, 'node_modules'), { recursive: true });
symlinkSync(root, path.join(app, 'node_modules/ai-sdk-provider-kimi'));
symlinkSync(path.join(root, 'node_modules/ai'), path.join(app, 'node_modules/ai'));
copyFileSync(path.join(root, 'examples/scripts/stream-reasoning.ts'), path.join(app, 'stream-reasoning.ts'));
writeFileSync(path.join(app, 'package.json'), '{"type":"module"}');

const simulator = await startKimiSimulator({ port: 8642, deviceInterval: 1 });
const { fiveHours, weekly, monthly } = simulator.quota;
fiveHours.used = fiveHours.limit * 0.61;
weekly.used = weekly.limit * 0.23;
monthly.used = monthly.limit * 0.08;
simulator.script([
  {
    reasoning: 'The ball costs x, the bat x + 1.00. Together 2x + 1.00 = 1.10, so x = 0.05.',
    text: 'The ball costs 0.05. The bat is 1.05, and together they are 1.10.',
    chunkDelayMs: 45,
  },
]);
const env = {
  PATH: process.env.PATH,
  HOME: place,
  TERM: 'xterm-256color',
  LANG: 'C.UTF-8',
  KIMI_CODE_BASE_URL: simulator.apiBaseURL,
  KIMI_CODE_OAUTH_HOST: simulator.oauthHost,
  KIMI_CREDENTIAL_STORE: 'file',
};
const cli = [process.execPath, path.join(root, 'dist/cli.js')];
const recording = new Recording();
let isApproved = false;
try {
  await record(recording, 'npx ai-sdk-provider-kimi login', [...cli, 'login'], {
    cwd: app,
    env,
    whileRunning(all) {
      const code = /user_code=([\w-]+)/.exec(all)?.[1];
      if (code !== undefined && !isApproved && all.includes('Waiting')) {
        isApproved = true;
        simulator.approve(code);
      }
    },
  });
  await record(recording, 'node stream-reasoning.ts', [process.execPath, 'stream-reasoning.ts'], { cwd: app, env });
  await record(recording, 'npx ai-sdk-provider-kimi usage', [...cli, 'usage'], { cwd: app, env });
} finally {
  await simulator.close();
  rmSync(place, { recursive: true, force: true });
}
const file = path.join(root, 'docs/images/terminal.svg');
writeFileSync(file, picture(recording));
console.log(`${path.relative('.', file)}: ${recording.lines.length} lines, ${Math.round(recording.time / 1000)} s`);
