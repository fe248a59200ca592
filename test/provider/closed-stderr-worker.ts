/** A program whose stderr nobody reads any more: it debugs, and goes on. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { printDebug } from '../../src/platform/node';

process.stdout.write('begun\n');
await once(process.stdin, 'data');
for (let line = 0; line < 5; line++) {
  printDebug('kimi request: '.padEnd(1024, '.'));
  await delay(5);
}
process.stdout.write(`alive ${process.stderr.listenerCount('error')}\n`);
process.exit(0);
