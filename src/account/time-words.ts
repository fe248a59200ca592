/** Spans and times in words for people. */

/** A span for people, in its largest unit: `45 s`, `12 min`, `3 h`, `5 days`. */
export function timeSpan(milliseconds: number): string {
  const seconds = Math.round(Math.abs(milliseconds) / 1000);
  if (seconds < 100) {
    return `${seconds} s`;
  }
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) {
    return `${minutes} min`;
  }
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A time to come for people, on their clock: `in 2 h, 23:49`, `in 3 days, Sun 29 Nov 23:49`, `now`. */
export function timeUntil(date: Date, now: number): string {
  const left = date.getTime() - now;
  if (left <= 0) {
    return 'now';
  }
  const [hour, minute] = [date.getHours(), date.getMinutes()].map(part => String(part).padStart(2, '0'));
  const day = `${WEEKDAYS[date.getDay()]} ${date.getDate()} ${MONTHS[date.getMonth()]}`;
  const isToday = new Date(now).toDateString() === date.toDateString();
  return `in ${timeSpan(left)}, ${isToday ? '' : `${day} `}${hour}:${minute}`;
}
