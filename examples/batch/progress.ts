import { SingleBar } from 'cli-progress';

export type Progress = {
  tick: () => void;
  /** Says that the server wants no request before; `undefined`: that is over. */
  waitUntil: (time: Date | undefined) => void;
  stop: () => void;
};

/** A bar in a terminal; in a pipe a plain line every 5 seconds. */
export function startProgress(total: number, before: number): Progress {
  const started = Date.now();
  let now = before;
  let note = '';
  const bar = new SingleBar({
    format: `${process.stderr.isTTY ? '{bar} ' : ''}{value}/{total}  {rate}/s  {left} left{note}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    hideCursor: true,
    noTTYOutput: true,
    notTTYSchedule: 5000,
    gracefulExit: false,
  });
  const update = () => {
    const rate = (1000 * (now - before)) / Math.max(1, Date.now() - started);
    bar.update(now, { rate: rate.toFixed(1), left: rate === 0 ? '?' : duration((total - now) / rate), note });
  };
  bar.start(total, before, { rate: '0.0', left: '?', note });
  return {
    tick() {
      now += 1;
      update();
    },
    waitUntil(time) {
      note =
        time === undefined
          ? ''
          : `  (Kimi is busy until ${time.toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })})`;
      update();
    },
    stop: () => bar.stop(),
  };
}

function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes}m ${whole % 60}s` : `${Math.floor(minutes / 60)}h ${minutes % 60}m`;
}
