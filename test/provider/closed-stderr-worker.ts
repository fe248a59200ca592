/** A program whose stderr nobody reads any more: it debugs, and goes on. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { printDebug } from '../../src/platform/node';

let warnings = 0;
process.on('warning', () => warnings++);
process.stdout.write('begun\n');
await once(process.stdin, 'data');
for (let line = 0; line < 50; line++) {
  printDebug('many calls at once');
}
for (let line = 0; line < 5; line++) {
  printDebug('kimi request: '.padEnd(1024, '.'));
  await delay(5);
}
process.stdout.write(`alive ${process.stderr.listenerCount('error')} ${warnings}\n`);
process.exit(0);
