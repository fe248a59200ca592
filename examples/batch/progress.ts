import { clearLine, cursorTo, moveCursor } from 'node:readline';
import { SingleBar } from 'cli-progress';

/** What a bar is at most as long as, and at least: a shorter one says nothing. */
const LONGEST_BAR = 24;
const SHORTEST_BAR = 4;
/** A space, and what the terminal writes at Ctrl-C, which must not begin another line. */
const ROOM = 4;

/** At its end the bar goes back to where it was begun, which is another row after a text. */
const SAVE_CURSOR = '\u001B7';

export type Progress = {
  tick: () => void;
  /** Says that the server wants no request before; `undefined`: that is over. */
  waitUntil: (time: Date | undefined) => void;
  /** A text for the person who looks, above the bar. */
  say: (text: string) => void;
  stop: () => void;
};

/** A bar in a terminal, of 40 columns or more; in a pipe a plain line every 5 seconds. */
export function startProgress(total: number, before: number): Progress {
  const started = Date.now();
  const { stderr } = process;
  let now = before;
  let waiting: Date | undefined;
  const state = () => {
    if (waiting !== undefined) {
      return `waiting until ${timeOf(waiting)}`;
    }
    const rate = (1000 * (now - before)) / Math.max(1, Date.now() - started);
    return `${rate.toFixed(1)}/s  ${rate === 0 ? '?' : duration((total - now) / rate)} left`;
  };
  const bar = new SingleBar({
    format: () => {
      const text = `${now}/${total}  ${state()}`;
      const width = stderr.isTTY ? Math.min(LONGEST_BAR, stderr.columns - text.length - ROOM) : 0;
      const done = Math.round((width * now) / Math.max(1, total));
      return width < SHORTEST_BAR ? text : `${'█'.repeat(done)}${'░'.repeat(width - done)} ${text}`;
    },
    hideCursor: true,
    // The bar is cut to the width of the terminal; texts may wrap.
    linewrap: true,
    noTTYOutput: true,
    notTTYSchedule: 5000,
    gracefulExit: false,
    // After a text the bar is not there any more, though nothing of it has changed.
    forceRedraw: stderr.isTTY,
  });
  bar.start(total, before);
  return {
    tick() {
      now += 1;
      bar.update(now);
    },
    waitUntil(time) {
      waiting = time;
      bar.update(now);
    },
    say(text) {
      if (stderr.isTTY) {
        cursorTo(stderr, 0);
        clearLine(stderr, 0);
      }
      console.error(text);
      if (stderr.isTTY) {
        stderr.write(SAVE_CURSOR);
      }
    },
    stop() {
      bar.stop();
      if (stderr.isTTY) {
        moveCursor(stderr, 0, -1);
        clearLine(stderr, 0);
      }
    },
  };
}

/** `21:41:37`, with the day where it is another one. */
function timeOf(time: Date): string {
  const isToday = time.toDateString() === new Date().toDateString();
  return isToday
    ? time.toLocaleTimeString('en-GB')
    : time.toLocaleString('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
}

function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes}m ${whole % 60}s` : `${Math.floor(minutes / 60)}h ${minutes % 60}m`;
}
